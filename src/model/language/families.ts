/** @file The families of language models: options, counts, the size of a paper each. */

import { z } from "zod";
import { count, layers, width } from "../../base/bounds.ts";
import type { Random } from "../../tensor/index.ts";
import type { Conflict, Family } from "../family.ts";
import { eta, lambda, output, outputConflict } from "../settings.ts";
import { Bert, type BertOptions } from "./bert.ts";
import { Gpt, type GptOptions } from "./gpt.ts";
import type { GptKind } from "./gpt-block.ts";

const sizes = {
  dim: width.describe("width d of a token"),
  depth: layers.describe("number of layers L"),
  heads: width.describe("number of heads K, a divisor of dim; MSSA has one subspace per head"),
  context: width.min(2).describe("context length: largest number of tokens in a sequence"),
  vocabulary: count.exactOptional().describe("size of the vocabulary (default: that of the tokenizer)"),
};

const check = ({ dim, heads }: { dim: number; heads: number }): Conflict | undefined =>
  dim % heads === 0 ? undefined : { key: "heads", message: `${heads} does not divide model.dim ${dim}` };

/** Parameters of one layer: of width d, in K heads, for sequences of n tokens. */
type LayerCount = (d: number, K: number, n: number, options?: Partial<GptOptions>) => number;

/** At the size of a paper; GPT-2's vocabulary rounded up to a multiple of 64. */
const SHOWN = { dim: 768, depth: 12, heads: 12, context: 1024, vocabulary: 50_304 };

/** @param last parameters of the norm after the layers, for each dimension */
function gpt(
  name: GptKind,
  about: string,
  layer: LayerCount,
  { last = 2, ista = true, shown = SHOWN, more = {} } = {},
): Family {
  return {
    ...{ name, about, shown },
    forms: {
      language: {
        causal: true,
        ...(name === "gpt2" && { given: ["tanh"] }),
        options: z.strictObject({ ...sizes, ...(ista && { eta, lambda }), ...more }),
        build: (options: Omit<GptOptions, "kind">, random: Random) =>
          new Gpt({ ...options, kind: name }, random),
        count: (options: GptOptions) => {
          const { dim: d, depth, heads, context, vocabulary: V } = options;
          return V * d + context * d + depth * layer(d, heads, context, options) + last * d;
        },
        check: (options: GptOptions) => check(options) ?? outputConflict(options),
      },
    },
  };
}

function bert(
  name: BertOptions["kind"],
  about: string,
  layer: LayerCount,
  { ista, shown }: { ista: boolean; shown: Readonly<Record<string, unknown>> },
): Family {
  return {
    ...{ name, about, shown },
    forms: {
      language: {
        causal: false,
        options: z.strictObject(ista ? { ...sizes, eta, lambda } : sizes),
        given: ["pad", "classes"],
        build: (options: Omit<BertOptions, "kind">, random: Random) =>
          new Bert({ ...options, kind: name }, random),
        count({ dim: d, depth, heads, context, vocabulary: V, pad, classes }: BertOptions) {
          const positions = context + (pad === undefined ? 0 : pad + 1);
          const head = d * d + d + (classes === undefined ? 2 * d + V : d * classes + classes);
          return V * d + positions * d + 2 * d + 2 * d + depth * layer(d, heads, context) + head;
        },
        check,
      },
    },
  };
}

export const crateGpt = gpt(
  "crate_gpt",
  "CRATE-GPT2-Base, Yu et al. 2024",
  (d, K, _, { tiedOutput, headSteps } = {}) =>
    tiedOutput ? 2 * d * d + 4 * d + (headSteps ? K : 0) : 3 * d * d + 5 * d,
  { last: 0, more: output },
);
export const crateLm = gpt(
  "crate_lm",
  "CRATE with a 4 × dictionary, Bai and Ma 2024",
  (d) => 6 * d * d + 5 * d,
);
export const crateAlphaGpt = gpt(
  "crate_alpha_gpt",
  "CRATE-α as a language model",
  (d) => 10 * d * d + 4 * d,
  {
    shown: { ...SHOWN, dim: 512, heads: 8 },
  },
);
export const aotGpt = gpt("aot_gpt", "attention only, Wang et al. 2025", (d) => 2 * d * d + 3 * d, {
  ista: false,
});
export const tostGpt = gpt(
  "tost_gpt",
  "ToST-Base, Wu et al. 2024",
  (d, K, n) => 10 * d * d + 4 * d + K + K * n,
  { last: 1, ista: false },
);
export const gpt2 = gpt("gpt2", "GPT-2, for comparison", (d) => 12 * d * d + 13 * d, { ista: false });
export const crateBert = bert("crate_bert", "CRATE-BERT, Yu et al. 2024", (d) => 3 * d * d + 4 * d, {
  ista: true,
  shown: { dim: 768, depth: 12, heads: 12, context: 510, pad: 1, vocabulary: 50_265 },
});
export const bertBase = bert("bert", "BERT-Base, for comparison", (d) => 12 * d * d + 13 * d, {
  ista: false,
  shown: { dim: 768, depth: 12, heads: 12, context: 512, vocabulary: 30_522 },
});
