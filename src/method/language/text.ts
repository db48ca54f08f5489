/** @file A recipe's text as tokens, and the tokenizer that a run keeps. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { talk } from "../../base/talk.ts";
import type { Split } from "../../data/index.ts";
import {
  byteTokenizer,
  characterTokenizer,
  holdOutTokens,
  holdsTokens,
  isTextName,
  locateText,
  openText,
  openTokenFolder,
  readTokenizer,
  requireBlock,
  type Tokenizer,
  type Tokens,
  tokenizerJson,
  trainBpe,
} from "../../data/text/index.ts";
import { formOf } from "../../model/index.ts";
import { CheckpointError, random, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { nothingHeldOut } from "../build.ts";
import type { RunConfig } from "../run-types.ts";
import type { LanguageRecipe as Recipe } from "./recipe.ts";

/** The special token that stands where one is to be filled in. */
export const MASK = "<mask>";

/** A text as tokens. */
export interface TokenData {
  name: string;
  train: Tokens;
  /** Where the recipe holds some of the training tokens out. */
  validation?: Tokens;
  test: Tokens;
  tokenizer: Tokenizer;
  /** Of the text, and of what is held out of it. */
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
  const place = isTextName(data.name) ? locateText(data.name, data.dir) : "";
  const opened = holdsTokens(place) ? fromFolder(recipe, place, known) : fromText(recipe, known);
  const found = { ...opened, ...heldOutOf(opened, recipe) };
  const { tokenizer } = found;
  if (model.vocabulary !== undefined && tokenizer.size > model.vocabulary)
    throw new UsageError(
      `model.vocabulary: the tokenizer has ${tokenizer.size} tokens, expected at least as many, got ${model.vocabulary}`,
      { path: "model.vocabulary" },
    );
  const length = model.context + (formOf(model.name, "language").causal ? 1 : 0);
  requireBlock(found.train, length, `${data.name}, training text`);
  if (found.validation !== undefined) requireBlock(found.validation, length, `${data.name}, validation text`);
  requireBlock(found.test, length, `${data.name}, test text`);
  return { ...found, name: data.name, vocabulary: fingerprintOf(tokenizer), channels: 0, classes: [] };
}

type Opened = Pick<TokenData, "train" | "test" | "tokenizer" | "fingerprint">;

/** Training tokens with some held out of them, if the recipe says so. The tokenizer is of them all. */
function heldOutOf({ train: all, fingerprint }: Opened, { data, seed }: Recipe) {
  if (data.validation === undefined) return {};
  const held = holdOutTokens(all, data.validation, random(seed).at("data.validation"));
  const { train, validation, from } = held;
  const noted = () =>
    createHash("sha256")
      .update(JSON.stringify([fingerprint(), from, validation.length]))
      .digest("hex");
  return { train, validation, fingerprint: noted };
}

/** The tokens of a split. @throws {UsageError} validation where nothing is held out */
export function tokensOf(data: TokenData, split: Split): Tokens {
  const found = data[split];
  if (found !== undefined) return found;
  throw nothingHeldOut(data.name);
}

function fromText(recipe: Recipe, known: Tokenizer | undefined): Opened {
  const { name, dir } = recipe.data;
  const { train, test, fingerprint } = openText(name, dir === undefined ? {} : { dir });
  const tokenizer = known ?? makeTokenizer(recipe, train);
  return { train: tokenizer.encode(train), test: tokenizer.encode(test), tokenizer, fingerprint };
}

/**
 * A folder of tokens, with the tokenizer that made them.
 * @throws {UsageError} the recipe's file is another tokenizer
 */
function fromFolder(recipe: Recipe, folder: string, known: Tokenizer | undefined): Opened {
  const { train, test, tokenizer: own, meta } = openTokenFolder(folder);
  const { file } = recipe.data;
  if (file !== undefined && existsSync(file) && fingerprintOf(readTokenizer(file)) !== fingerprintOf(own))
    throw new UsageError(
      `data.file: ${folder} was made with another tokenizer; leave it out, or tokenize again`,
      {
        path: "data.file",
      },
    );
  if (known === undefined)
    talk(
      `${recipe.data.name}: ${train.length.toLocaleString("en")} tokens in files, with their own tokenizer.json`,
    );
  return { train, test, tokenizer: known ?? withMask(recipe, own), fingerprint: () => meta.fingerprint };
}

const withMask = ({ model }: Recipe, tokenizer: Tokenizer): Tokenizer =>
  formOf(model.name, "language").causal ? tokenizer : tokenizer.with([MASK]);

function makeTokenizer(recipe: Recipe, text: string): Tokenizer {
  const { data } = recipe;
  const made = {
    characters: () => characterTokenizer(text),
    bytes: byteTokenizer,
    bpe: () => trainBpe(text, data.tokens!),
    file: () => readTokenizer(data.file!),
  }[data.tokenizer]();
  return withMask(recipe, made);
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
