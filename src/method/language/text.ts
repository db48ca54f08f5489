/** @file A recipe's text as tokens, and the tokenizer that a run keeps. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  byteTokenizer,
  characterTokenizer,
  openText,
  parseTokenizer,
  requireBlock,
  type Tokenizer,
  tokenizerJson,
  trainBpe,
} from "../../data/text/index.ts";
import { formOf } from "../../model/index.ts";
import { CheckpointError, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import type { RunConfig } from "../run-types.ts";
import type { LanguageRecipe as Recipe } from "./recipe.ts";

/** The special token that stands where one is to be filled in. */
export const MASK = "<mask>";

/** A text as tokens. */
export interface TokenData {
  name: string;
  train: Int32Array;
  test: Int32Array;
  tokenizer: Tokenizer;
  /** Of the text. */
  fingerprint(): string;
  /** Of the tokenizer. */
  vocabulary: string;
  /** No images: there is neither. */
  channels: 0;
  classes: readonly string[];
}

/**
 * Opens a recipe's text.
 * @param known the run's tokenizer; made from the training text, or read, as the recipe says when not given
 * @throws {DataError} no such text or tokenizer, shorter than a context, or a character that is no token
 * @throws {UsageError} more tokens than `model.vocabulary`
 */
export function openTokens(recipe: Recipe, known?: Tokenizer): TokenData {
  const { data, model } = recipe;
  const { name, train, test, fingerprint } = openText(
    data.name,
    data.dir === undefined ? {} : { dir: data.dir },
  );
  const tokenizer = known ?? makeTokenizer(recipe, train);
  if (model.vocabulary !== undefined && tokenizer.size > model.vocabulary)
    throw new UsageError(
      `model.vocabulary: the tokenizer has ${tokenizer.size} tokens, expected at least as many, got ${model.vocabulary}`,
      { path: "model.vocabulary" },
    );
  const length = model.context + (formOf(model.name, "language").causal ? 1 : 0);
  const encode = (text: string, part: string) => {
    const tokens = tokenizer.encode(text);
    requireBlock(tokens, length, `${name}, ${part} text`);
    return tokens;
  };
  const tokens = { train: encode(train, "training"), test: encode(test, "test") };
  const vocabulary = fingerprintOf(tokenizer);
  return { name, ...tokens, tokenizer, fingerprint, vocabulary, channels: 0, classes: [] };
}

function makeTokenizer({ data, model }: Recipe, text: string): Tokenizer {
  const made = {
    characters: () => characterTokenizer(text),
    bytes: byteTokenizer,
    bpe: () => trainBpe(text, data.tokens!),
    file: () => readTokenizer(data.file!),
  }[data.tokenizer]();
  return formOf(model.name, "language").causal ? made : made.with([MASK]);
}

/** Reads a tokenizer.json. @throws {UsageError} there is none; {DataError} it is of another kind */
export function readTokenizer(path: string): Tokenizer {
  if (!existsSync(path)) throw new UsageError(`${path}: expected a tokenizer.json, found nothing`, { path });
  return parseTokenizer(readFileSync(path, "utf8"), path);
}

export const fingerprintOf = (tokenizer: Tokenizer): string =>
  createHash("sha256").update(tokenizerJson(tokenizer)).digest("hex");

/** The tokenizer's file in a run folder. */
export const TOKENIZER_FILE = "tokenizer.json";

/**
 * The tokenizer that a run keeps.
 * @throws {CheckpointError} it is not the one that the checkpoint's model learned with
 */
export function runTokenizer(folder: string, { config }: LoadedCheckpoint): Tokenizer {
  const path = join(folder, TOKENIZER_FILE);
  const tokenizer = readTokenizer(path);
  const { vocabulary } = (config as RunConfig).dataset;
  if (vocabulary !== fingerprintOf(tokenizer))
    throw new CheckpointError(
      `${path}: the model learned with another vocabulary; put the run's own tokenizer.json back`,
      { path },
    );
  return tokenizer;
}
