/** @file Which file of a repository is meant, and which are refused. */

import { UsageError } from "../../base/errors.ts";
import type { HubAddress } from "./address.ts";

/** What a file is wanted for: weights of a model, or a graph that encodes images. */
export type Wanted = "weights" | "encoder";

/** Names that are tried where none is given, in this order. */
export const USUAL: Readonly<Record<Wanted, readonly string[]>> = {
  weights: ["model.safetensors", "model.safetensors.index.json"],
  encoder: ["model.onnx", "onnx/model.onnx"],
};

/** Weights under their usual names as pickles: asked for only to say that they are there. */
export const PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/** Lies beside weights and says how they are used; read where it is there. */
export const BESIDE = ["config.json", "preprocessor_config.json", "tokenizer.json"];

const TAKEN: Readonly<Record<Wanted, RegExp>> = {
  weights: /\.safetensors(\.index\.json)?$/,
  encoder: /\.onnx$/,
};
const PICKLE = /\.(bin|pth?|th|ckpt|pkl|pickle|joblib|tar|bin\.index\.json)$/;
const LOCAL = "download it yourself and give its path: vitrine reads it as data and executes nothing";

/** @throws {UsageError} a pickle, which is a program; a file of another kind */
export function requireTaken({ text }: HubAddress, file: string, wanted: Wanted): void {
  if (TAKEN[wanted].test(file)) return;
  const expected = wanted === "weights" ? ".safetensors or .safetensors.index.json" : ".onnx";
  const what = PICKLE.test(file)
    ? `${file} is a pickle, which is a program, and of the hub none is taken; expected ${expected}; or ${LOCAL}`
    : `expected a file that ends in ${expected}, got ${file}`;
  throw new UsageError(`${text}: ${what}`, { path: text });
}

/** Nothing under the usual names. @param pickle the weights as a pickle, where they are there */
export function noneUsual({ text }: HubAddress, wanted: Wanted, pickle: string | undefined): UsageError {
  const usual = USUAL[wanted].join(" nor ");
  const what =
    pickle === undefined
      ? `has neither ${usual}; name the file: hf:OWNER/NAME/FILE`
      : `has its weights only as ${pickle}, a pickle, which is a program, and of the hub none is taken; look for a revision with ${USUAL[wanted][0]}, or ${LOCAL}`;
  return new UsageError(`${text}: ${what}`, { path: text });
}
