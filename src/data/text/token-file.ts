/** @file Tokens in files, as nanoGPT keeps them: `train.bin` and `val.bin` of 16 or 32 bits, read where they are needed. */

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { parseTokenizer } from "./tokenizer-json.ts";

/** A text as tokens: in memory, or in a file of any size. */
export interface Tokens {
  readonly length: number;
  /** Tokens `start` … `end` − 1. @throws {DataError} they cannot be read, or are no tokens of the vocabulary */
  subarray(start: number, end: number): ArrayLike<number>;
}

/** What `meta.json` says of the files beside it. */
export const tokenMeta = z.object({
  format: z.literal("vitrine-tokens"),
  version: z.literal(1),
  type: z.enum(["uint16", "uint32"]),
  /** Tokens are 0 … vocabulary − 1. */
  vocabulary: z.int().min(1),
  /** Tokens in each file. */
  train: z.int().min(0),
  val: z.int().min(0),
  /** SHA-256 of all that was tokenized, and of tokenizer.json. */
  fingerprint: z.string(),
  tokenizer: z.string(),
});
export type TokenMeta = z.infer<typeof tokenMeta>;

export const ARRAYS = { uint16: Uint16Array, uint32: Uint32Array };

/** Whether a folder holds tokens rather than texts. */
export const holdsTokens = (folder: string): boolean =>
  existsSync(join(folder, "train.bin")) || existsSync(join(folder, "meta.json"));

/** Windows of a file of tokens, each read when it is asked for: nothing of it stays in memory. */
export class TokenFile implements Tokens {
  readonly length: number;
  readonly #file: number;

  /** @throws {DataError} not there, or a size that is no multiple of the type's, or not what meta.json says */
  constructor(
    readonly path: string,
    private readonly type: TokenMeta["type"],
    private readonly vocabulary: number,
    expected?: number,
  ) {
    try {
      this.#file = openSync(path, "r");
    } catch (cause) {
      throw new DataError(`${path}: cannot be read: ${(cause as Error).message}`, { path, cause });
    }
    const each = ARRAYS[type].BYTES_PER_ELEMENT;
    const { size } = fstatSync(this.#file);
    const problem =
      size % each !== 0
        ? `a multiple of ${each} bytes, one ${type} a token, got ${size}`
        : expected !== undefined && size !== expected * each
          ? `the ${expected} tokens that meta.json says, got ${size / each}`
          : undefined;
    if (problem !== undefined) {
      closeSync(this.#file);
      throw new DataError(`${path}: expected ${problem}; it is cut off: make it again with data tokenize`, {
        path,
      });
    }
    this.length = size / each;
  }

  subarray(start: number, end: number): ArrayLike<number> {
    const tokens = new ARRAYS[this.type](end - start);
    const bytes = new Uint8Array(tokens.buffer);
    const from = start * tokens.BYTES_PER_ELEMENT;
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(this.#file, bytes, done, bytes.length - done, from + done);
      if (read === 0)
        throw new DataError(`${this.path}: ends at ${from + done} bytes; it was changed`, {
          path: this.path,
        });
      done += read;
    }
    const wrong = tokens.findIndex((token) => token >= this.vocabulary);
    if (wrong >= 0)
      throw new DataError(
        `${this.path}: expected tokens from 0 to ${this.vocabulary - 1}, got ${tokens[wrong]} at ${start + wrong}; it is another vocabulary's, or damaged`,
        { path: this.path },
      );
    return tokens;
  }
}

/** A folder that `vitrine data tokenize` made: both parts stay in their files. */
export interface TokenFolder {
  train: Tokens;
  test: Tokens;
  tokenizer: Tokenizer;
  meta: TokenMeta;
}

/** @throws {DataError} meta.json or a file is not there, damaged, or does not fit the others */
export function openTokenFolder(folder: string): TokenFolder {
  const path = join(folder, "meta.json");
  if (!existsSync(path))
    throw new DataError(
      `${path}: not there, so that the tokens' type and vocabulary are not known; make the folder with \`vitrine data tokenize\``,
      { path },
    );
  const meta = readMeta(path);
  const tokenizer = readFolderTokenizer(folder);
  if (tokenizer.size !== meta.vocabulary)
    throw new DataError(`${path}: says ${meta.vocabulary} tokens, tokenizer.json has ${tokenizer.size}`, {
      path,
    });
  const part = (name: "train" | "val") =>
    new TokenFile(join(folder, `${name}.bin`), meta.type, meta.vocabulary, meta[name]);
  return { train: part("train"), test: part("val"), tokenizer, meta };
}

function readMeta(path: string): TokenMeta {
  try {
    return tokenMeta.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new DataError(
      `${path}: expected what \`vitrine data tokenize\` writes of its tokens, got another JSON file`,
      {
        path,
        cause,
      },
    );
  }
}

function readFolderTokenizer(folder: string): Tokenizer {
  const path = join(folder, "tokenizer.json");
  if (!existsSync(path))
    throw new DataError(`${path}: not there; put the tokens' tokenizer beside them`, { path });
  return parseTokenizer(readFileSync(path, "utf8"), path);
}
