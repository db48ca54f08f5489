/** @file Tokenizers as files: `tokenizer.json`, GPT-2's `vocab.bpe` with `encoder.json`, and tiktoken's ranks. */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { toLetters } from "./byte-letters.ts";
import { Tokenizer } from "./tokenizer.ts";
import { parseTokenizer, tokenizerValues } from "./tokenizer-json.ts";

const END = "<|endoftext|>";

/** GPT-2's ranks, and those of its successor for code: larger vocabularies cut words by other rules. */
const MOST_RANKS = 50_280;

/**
 * Reads a tokenizer, by the file's name: NAME.tiktoken; vocab.bpe with encoder.json beside it; else a tokenizer.json.
 * @throws {UsageError} there is none; {DataError} it is of another kind
 */
export function readTokenizer(path: string): Tokenizer {
  if (!existsSync(path))
    throw new UsageError(`${path}: expected a tokenizer.json, a .tiktoken or a vocab.bpe, found nothing`, {
      path,
    });
  const text = readFileSync(path, "utf8");
  if (path.endsWith(".tiktoken")) return fromRanks(text, path);
  if (basename(path) === "vocab.bpe") return fromMerges(text, join(dirname(path), "encoder.json"), path);
  return parseTokenizer(text, path);
}

/** A line for each token: its bytes in base64 and its rank, which is its number. */
function fromRanks(text: string, path: string): Tokenizer {
  const tokens: string[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, bytes, rank] = /^([A-Za-z0-9+/]+=*) (\d+)\s*$/.exec(line) ?? [];
    if (bytes === undefined || Number(rank) !== tokens.length)
      throw new DataError(
        `${path}: line ${i + 1}: expected a token in base64 and the rank ${tokens.length}`,
        { path },
      );
    tokens.push(toLetters(Buffer.from(bytes, "base64")));
  }
  if (tokens.length > MOST_RANKS)
    throw new DataError(
      `${path}: expected GPT-2's ranks, at most ${MOST_RANKS}, got ${tokens.length}: such a vocabulary cuts words by another rule`,
      { path },
    );
  return gpt2(tokens, mergesOf(tokens, path));
}

/**
 * The merges that ranks stand for. A token is made last of the two that are left of its letters when all pairs with a lower
 * rank are merged.
 */
function mergesOf(tokens: readonly string[], path: string): [string, string][] {
  const rank = new Map(tokens.map((token, i) => [token, i]));
  return tokens.flatMap((token, most) => {
    let parts = [...token];
    if (parts.length === 1) return [];
    while (parts.length > 2) {
      let [best, at] = [most, -1];
      for (let i = 0; i + 1 < parts.length; i++) {
        const found = rank.get(parts[i]! + parts[i + 1]!);
        if (found !== undefined && found < best) [best, at] = [found, i];
      }
      if (at < 0) throw new DataError(`${path}: token ${most} is not two tokens of lower rank`, { path });
      parts = [...parts.slice(0, at), parts[at]! + parts[at + 1]!, ...parts.slice(at + 2)];
    }
    return [[parts[0]!, parts[1]!] as [string, string]];
  });
}

function fromMerges(text: string, encoder: string, path: string): Tokenizer {
  if (!existsSync(encoder))
    throw new UsageError(`${encoder}: not there; ${path} needs it for the tokens' numbers`, { path });
  const tokens: string[] = [];
  const numbers = tokenizerValues(readFileSync(encoder, "utf8"), encoder) as Record<string, number>;
  for (const [token, number] of Object.entries(numbers)) if (token !== END) tokens[number] = token;
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#version"));
  const merges = lines.map((line) => line.split(" ") as [string, string]);
  if (tokens.includes(undefined as never) || merges.some((merge) => merge.length !== 2))
    throw new DataError(
      `${path}: expected GPT-2's vocab.bpe, two tokens a line, and numbers 0, 1, … in ${encoder}`,
      { path },
    );
  return gpt2(tokens, merges);
}

/** Over bytes, in GPT-2's words, with its one special token after all others. */
const gpt2 = (tokens: readonly string[], merges: [string, string][]): Tokenizer =>
  new Tokenizer({
    ...{ level: "byte", words: true, merges },
    ...{ tokens: [...tokens, END], special: new Map([[END, tokens.length]]) },
  });
