/** @file `hf`: a folder for the Hugging Face hub; weights under the authors' names, of a ViT under timm's. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Size, sides } from "../../base/size.ts";
import { writeOnnx } from "../../graph/index.ts";
import { TOKENIZER_FILE } from "../../method/language/text.ts";
import { isPlain } from "../../model/index.ts";
import { UsageError } from "../../tensor/index.ts";
import { tensorChunks } from "../../tensor/tensor-file.ts";
import { type ExportedFile, type Format, type Job, jsonFile, textFile } from "../format.ts";
import type { Source } from "../open.ts";
import type { Precision } from "../precision.ts";
import { modelCard } from "./model-card.ts";

/** The name that the hub's libraries look for. */
export const onnxName = (precision: Precision): string =>
  ({ fp32: "onnx/model.onnx", fp16: "onnx/model_fp16.onnx", int8: "onnx/model_quantized.onnx" })[precision];

export const hf: Format = {
  about: "a folder for the hub: config, safetensors, model card, ONNX",
  file: false,
  write({ source, small, precision }: Job) {
    const isViT = source.family === "vit";
    return [
      jsonFile("config.json", isViT ? timmConfig(source) : ownConfig(source)),
      { path: "model.safetensors", parts: weights(source) },
      ...preprocessor(source),
      ...tokenizer(source),
      textFile("README.md", card(source)),
      { path: onnxName(precision), parts: [writeOnnx(small)], model: {} },
    ];
  },
};

const weights = ({ network }: Source): Uint8Array[] =>
  Array.from(tensorChunks(network.model.stateDict(), new Map([["format", "pt"]])), ({ bytes }) => bytes);

interface Sizes {
  imageSize?: Size;
  patch?: Size;
  channels?: number;
  dim?: number;
  depth?: number;
  heads?: number;
  headDim?: number;
  eta?: number;
  lambda?: number;
  pool?: "cls" | "mean";
}

/** A side where both are equal, as most readers expect. */
const square = (size: Size): number | readonly number[] => {
  const [height, width] = sides(size);
  return height === width ? height : [height, width];
};

/** Names of classes by number, and numbers by name. */
export function labelsOf({ network, options }: Source): { id2label: object; label2id: object } | undefined {
  const { classes } = options as { classes?: number };
  const names = network.classes ?? Array.from({ length: classes ?? 0 }, (_, i) => `LABEL_${i}`);
  if (names.length === 0) return undefined;
  return {
    id2label: Object.fromEntries(names.map((name, i) => [i, name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** Sizes in the hub's words; `model` is what we read back. */
export function ownConfig(source: Source): object {
  const { family, options } = source;
  const { imageSize, patch, channels, dim, depth, heads, headDim, eta, lambda } = options as Sizes;
  return {
    ...{ architectures: [family.toUpperCase()], model_type: family, torch_dtype: "float32" },
    ...(imageSize !== undefined && { image_size: square(imageSize) }),
    ...(patch !== undefined && { patch_size: square(patch) }),
    ...(imageSize !== undefined && { num_channels: channels ?? 3 }),
    ...{ hidden_size: dim, num_hidden_layers: depth, num_attention_heads: heads, head_dim: headDim },
    ...{ step_size: eta, lambda },
    ...labelsOf(source),
    model: { name: family, ...options },
  };
}

/** As timm's `create_model("hf-hub:…")` reads it. */
function timmConfig(source: Source): object {
  const { imageSize = 224, patch = 16, channels = 3, dim, depth, heads, pool } = source.options as Sizes;
  if (pool === "mean")
    throw new UsageError(
      `${source.name}: timm's ViT reads the class token; this one's head reads the mean of all tokens`,
    );
  if (!isPlain(source.options))
    throw new UsageError(
      `${source.name}: timm's config.json cannot say what this ViT has of its own (layer scale, registers, ε, activation); write --format onnx`,
    );
  const { label2id, id2label } = labelsOf(source) ?? { label2id: {}, id2label: {} };
  const names = Object.values(id2label) as string[];
  const [height, width] = sides(imageSize);
  const image = source.network.inputs.find((input) => input.kind === "image");
  return {
    ...{
      architecture: "vit_base_patch16_224",
      num_classes: names.length,
      num_features: dim,
      global_pool: "token",
    },
    model_args: {
      ...{ img_size: square(imageSize), patch_size: square(patch), in_chans: channels },
      ...{ embed_dim: dim, depth, num_heads: heads },
    },
    pretrained_cfg: {
      ...{
        input_size: [channels, height, width],
        fixed_input_size: true,
        interpolation: "bilinear",
        crop_pct: 1,
      },
      ...{
        mean: image?.normalise.mean,
        std: image?.normalise.std,
        num_classes: names.length,
        label_names: names,
      },
      ...{ pool_size: null, first_conv: "patch_embed.proj", classifier: "head" },
    },
    label2id,
    model: { name: "vit", ...source.options },
  };
}

/** How images become inputs. */
export function preprocessor({ network }: Source): ExportedFile[] {
  const image = network.inputs.find((input) => input.kind === "image");
  if (image === undefined) return [];
  const { height, width, channels, normalise } = image;
  return [
    jsonFile("preprocessor_config.json", {
      ...{ image_processor_type: "ViTImageProcessor", do_resize: true, size: { height, width }, resample: 2 },
      ...{ do_rescale: true, rescale_factor: 1 / 255, do_normalize: true },
      ...{ image_mean: normalise.mean, image_std: normalise.std, do_convert_rgb: channels === 3 },
    }),
  ];
}

/** The run's own, in Hugging Face's format. */
export function tokenizer({ run }: Source): ExportedFile[] {
  const path = run && join(run.folder, TOKENIZER_FILE);
  if (path === undefined || !existsSync(path)) return [];
  return [{ path: "tokenizer.json", parts: [new Uint8Array(readFileSync(path))] }];
}

function card(source: Source): string {
  const { family, options, network } = source;
  const {
    imageSize = 224,
    patch = 16,
    channels = 3,
    dim,
    depth,
    heads,
    headDim,
    eta = 0.1,
    lambda = 0.1,
  } = options as Sizes;
  const classes = Object.keys(labelsOf(source)?.id2label ?? {}).length;
  const onnx = ["import onnxruntime", 'session = onnxruntime.InferenceSession("onnx/model.onnx")'].join("\n");
  const loadings: Record<string, string> = {
    vit: `import timm\nmodel = timm.create_model("hf-hub:OWNER/NAME", pretrained=True).eval()`,
    crate: [
      "from safetensors.torch import load_file",
      "from model.crate import CRATE  # github.com/Ma-Lab-Berkeley/CRATE",
      `model = CRATE(image_size=${square(imageSize)}, patch_size=${square(patch)}, channels=${channels}, num_classes=${classes}, dim=${dim}, depth=${depth}, heads=${heads}, dim_head=${headDim})`,
      "for _, ista in model.transformer.layers:  # the class has 0.1 for both",
      `    ista.fn.step_size, ista.fn.lambd = ${eta}, ${lambda}`,
      'model.load_state_dict(load_file("model.safetensors"))',
    ].join("\n"),
  };
  return modelCard(source, {
    library: family === "vit" ? "timm" : "vitrine",
    task:
      network.inputs[0]?.kind === "tokens"
        ? "text-generation"
        : classes > 0
          ? "image-classification"
          : "feature-extraction",
    tags: ["white-box", "rate-reduction", family, "onnx"],
    loading: loadings[family] ?? onnx,
    language: "python",
  });
}
