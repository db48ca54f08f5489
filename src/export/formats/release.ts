/** @file `release`: a small folder for `models/`: weights with their settings and a card. */

import { basename, resolve } from "node:path";
import { noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { tensorChunks } from "../../tensor/tensor-file.ts";
import { difference, largest } from "../compare.ts";
import { type ExportedFile, type Format, type Job, jsonFile, textFile } from "../format.ts";
import { toValue } from "../network.ts";
import type { Source } from "../open.ts";
import type { Precision } from "../precision.ts";
import type { Verified } from "../verify.ts";
import { ownConfig, preprocessor, tokenizer } from "./hf.ts";
import { modelCard } from "./model-card.ts";

/** Bytes that a model in `models/` may have. */
export const LARGEST_RELEASE = 2_000_000;

export const release: Format = {
  about: "a folder for models/: config, safetensors of at most 2 MB, model card",
  file: false,
  largestFp32: LARGEST_RELEASE,
  precisions: ["fp32", "fp16"],
  write(job: Job) {
    const { source, precision } = job;
    const dtype = precision === "fp16" ? "float16" : "float32";
    return scope(() => {
      const state = rounded(source, dtype);
      const weights = Array.from(tensorChunks(state, new Map([["format", "pt"]])), ({ bytes }) => bytes);
      requireSmall(weights, source.name, precision);
      const files: ExportedFile[] = [
        jsonFile("config.json", { ...ownConfig(source), torch_dtype: dtype }),
        { path: "model.safetensors", parts: weights, verified: verifiedWith(state, job) },
        ...preprocessor(source),
        ...tokenizer(source),
        textFile("README.md", card(source, basename(resolve(job.output)))),
      ];
      return files;
    }, "release");
  },
};

/** @throws {UsageError} more than a release may have */
function requireSmall(parts: readonly Uint8Array[], name: string, precision: Precision): void {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytes <= LARGEST_RELEASE) return;
  const less = precision === "fp32" ? "--precision fp16 halves it" : "train a smaller model";
  throw new UsageError(
    `${name}: its weights take ${(bytes / 1e6).toFixed(1)} MB in ${precision}, a release at most ${LARGEST_RELEASE / 1e6}; ${less}`,
    { path: name },
  );
}

/** The network's tensors; in halves, but for integers. */
function rounded({ network }: Source, dtype: "float16" | "float32"): Map<string, Tensor> {
  const state = network.model.stateDict();
  return new Map(
    [...state].map(([name, value]) => [name, value.dtype === "float32" ? value.detach().to(dtype) : value]),
  );
}

/** Runs the network with the weights that are written on the inputs of the export. */
function verifiedWith(state: ReadonlyMap<string, Tensor>, { source, references }: Job): Verified {
  const { network } = source;
  noGrad(() => network.model.load(state));
  const all = references.map(({ feeds, values }) =>
    noGrad(() => {
      const given = network.inputs.map(({ name }) => {
        const { type, dims, data } = feeds[name]!;
        const whole = type === "int64" ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
        return tensor(whole, { shape: [...dims] });
      });
      const made = Object.entries(network.run(...given));
      return made.map(([name, value]) => difference(name, toValue(value), values.get(name)!));
    }),
  );
  return { engines: ["libtorch, with the weights as written"], differences: largest(all) };
}

/** @param name of the folder, by which commands take the model */
function card(source: Source, name: string): string {
  const { network, family } = source;
  const isText = network.inputs[0]?.kind === "tokens";
  const uses = isText
    ? [`npx vitrine inspect ${name} text.txt`]
    : [
        `npx vitrine inspect ${name} photos/`,
        `npx vitrine segment ${name} photo.jpg`,
        `npx vitrine export ${name} --format html --output look.html`,
      ];
  return modelCard(source, {
    library: "vitrine",
    task: isText ? "text-generation" : network.classes ? "image-classification" : "feature-extraction",
    tags: ["white-box", "rate-reduction", family],
    loading: uses.join("\n"),
    language: "sh",
    made: [
      "# the recipe above as recipe.json",
      `npx vitrine train recipe.json --experiment ${source.name}`,
      `npx vitrine inspect runs/${source.name}`,
      `npx vitrine export runs/${source.name} --format release --output models/${name}`,
    ].join("\n"),
  });
}
