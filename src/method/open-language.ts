/** @file A language model from a file of weights, and the tokenizer beside it. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseTokenizer, tokenizerValues } from "../data/text/tokenizer-json.ts";
import { isWordPiece, parseWordPiece } from "../data/text/word-piece.ts";
import { type Bert, createModel, familyOf, type Gpt } from "../model/index.ts";
import { random, UsageError } from "../tensor/index.ts";
import type { Weights } from "../train/weights/read.ts";
import { type LanguageArchitecture, PUBLISHED_HEAD } from "../train/weights/recognise-names.ts";
import { inWords, transfer } from "../train/weights/transfer.ts";

export interface OpenedLanguage {
  /** The caller frees it. */
  model: Gpt | Bert;
  /** What of the file was read, and what was assumed; one line each. */
  notes: string[];
}

/** CRATE-BERT's sequences are filled up with token 1, and its positions begin after it, as RoBERTa's do. */
const PAD = 1;

/**
 * The model that weights are of. @param path said in errors and notes
 * @throws {UsageError} heads that nothing tells; {CheckpointError} weights of another model
 */
export function openLanguage(
  { tensors, model: known, notes }: Weights,
  found: LanguageArchitecture,
  path: string,
  given?: number,
): OpenedLanguage {
  const { family: name, dim, depth, vocabulary } = found;
  const told = given ?? (typeof known?.heads === "number" ? known.heads : undefined);
  const heads = told ?? dim / PUBLISHED_HEAD;
  if (!Number.isInteger(heads) || dim % heads !== 0)
    throw new UsageError(`${path}: expected a number of heads that divides ${dim}; give --heads`, {
      path: "--heads",
    });
  const { options: schema, given: more = [] } = familyOf(name, "language").family.forms.language!;
  const takes = new Set([...Object.keys(schema.shape), ...more]);
  const kept = Object.entries(known ?? {}).filter(([key]) => key !== "name" && takes.has(key));
  const padded =
    name === "crate_bert" ? { pad: PAD, context: found.context - PAD - 1 } : { context: found.context };
  const options = { ...Object.fromEntries(kept), dim, depth, vocabulary, heads, ...padded };
  const model = createModel(name, options, random(1).at("model"), "language");
  try {
    const words = inWords(transfer(model, tensors, path), path);
    const assumed = [
      ...(told === undefined
        ? [`${heads} heads of ${PUBLISHED_HEAD}, as published ones have; --heads says otherwise`]
        : []),
      ...(takes.has("lambda") && known?.lambda === undefined ? ["η and λ of the authors' code"] : []),
    ];
    const line = `${path}: no tensor tells, so assumed: ${assumed.join("; ")}`;
    return { model, notes: [...notes, words, ...(assumed.length > 0 ? [line] : [])] };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What cuts a text into a model's tokens, and the tokens that stand around each block. */
export interface TextCutter {
  encode(text: string): Int32Array;
  before: readonly number[];
  after: readonly number[];
}

/** The tokenizer.json beside a file of weights. @throws {UsageError} none; {DataError} of another kind */
export function tokenizerBeside(file: string): TextCutter {
  const path = join(dirname(file), "tokenizer.json");
  if (!existsSync(path))
    throw new UsageError(`${path}: not there; a text needs the model's tokenizer.json beside its weights`, {
      path,
    });
  const text = readFileSync(path, "utf8");
  const values = tokenizerValues(text, path);
  if (!isWordPiece(values)) return { ...cutter(parseTokenizer(text, path)), before: [], after: [] };
  const pieces = parseWordPiece(values, path);
  const only = (token: string) => [pieces.number(token)].filter((number) => number !== undefined);
  return { ...cutter(pieces), before: only("[CLS]"), after: only("[SEP]") };
}

const cutter = (tokenizer: { encode(text: string): Int32Array }) => ({
  encode: (text: string) => tokenizer.encode(text),
});
