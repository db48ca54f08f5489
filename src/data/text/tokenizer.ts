/** @file Text to tokens and back: characters, bytes, or pairs of bytes merged as a vocabulary says. */

import { DataError } from "../../base/errors.ts";
import { toBytes, toLetters, WORDS } from "./byte-letters.ts";

/** What a tokenizer is made from; `parseTokenizer` and `tokenizerJson` read and write it as Hugging Face does. */
export interface Vocabulary {
  /** What a text is cut into first: its characters, or its UTF-8 bytes in GPT-2's letters. */
  level: "character" | "byte";
  /** Whether it is cut into words, across which nothing is merged. */
  words: boolean;
  /** Tokens by their number; pieces joined, in letters where the level is bytes. */
  tokens: readonly string[];
  /** Pairs that are merged, the first before all others. */
  merges: readonly (readonly [string, string])[];
  /** Tokens that stand for no text, with their numbers: found whole, never merged. */
  special: ReadonlyMap<string, number>;
}

export class Tokenizer {
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly ranks: ReadonlyMap<string, number>;
  /** Tokens of words that were seen before. */
  private readonly known = new Map<string, number[]>();

  /** @throws {DataError} a token twice, or a merge of or into what is no token */
  constructor(readonly vocabulary: Vocabulary) {
    const { tokens, merges } = vocabulary;
    this.numbers = new Map(tokens.map((token, i) => [token, i]));
    if (this.numbers.size !== tokens.length)
      throw new DataError(
        `tokenizer: "${tokens.find((token, i) => this.numbers.get(token) !== i)}" is in the vocabulary twice`,
      );
    for (const [a, b] of merges)
      for (const part of [a, b, a + b])
        if (!this.numbers.has(part))
          throw new DataError(
            `tokenizer: the merge of "${a}" and "${b}" needs a token "${part}", which it has not`,
          );
    this.ranks = new Map(merges.map(([a, b], rank) => [pairKey(a, b), rank]));
  }

  /** Number of tokens: they are 0 … size − 1. */
  get size(): number {
    return this.vocabulary.tokens.length;
  }

  /** The number of a special token. @throws {DataError} there is none of that name */
  special(name: string): number {
    const number = this.vocabulary.special.get(name);
    if (number !== undefined) return number;
    const names = [...this.vocabulary.special.keys()].join(", ") || "none";
    throw new DataError(
      `tokenizer: expected a special token "${name}", got ${names}; make the tokenizer anew with it`,
    );
  }

  /**
   * Tokens of a text. Special tokens are not looked for: text is text.
   * @throws {DataError} a character that is no token, with its place
   */
  encode(text: string): Int32Array {
    const { level, words, merges } = this.vocabulary;
    if (level === "character" && merges.length === 0) return this.encodeCharacters(text);
    const found: number[] = [];
    const parts = words ? text.matchAll(WORDS) : [Object.assign([text], { index: 0 })];
    for (const part of parts) {
      const [word] = part;
      let tokens = this.known.get(word);
      if (tokens === undefined) {
        tokens = this.merged(word, part.index);
        if (word.length <= LONGEST_KNOWN && this.known.size < MOST_KNOWN) this.known.set(word, tokens);
      }
      for (const token of tokens) found.push(token);
    }
    return Int32Array.from(found);
  }

  private encodeCharacters(text: string): Int32Array {
    const found = new Int32Array(text.length);
    let count = 0;
    for (const character of text) found[count++] = this.number(character, text, count - 1);
    return found.slice(0, count);
  }

  /** The pieces of a word after all merges, the earliest merge first, from left to right. */
  private merged(word: string, at: number): number[] {
    const letters = this.vocabulary.level === "byte" ? toLetters(new TextEncoder().encode(word)) : word;
    let pieces = [...letters];
    while (pieces.length > 1 && this.ranks.size > 0) {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < pieces.length; i++) {
        const rank = this.ranks.get(pairKey(pieces[i]!, pieces[i + 1]!));
        if (rank !== undefined && rank < best) best = rank;
      }
      if (best === Number.POSITIVE_INFINITY) break;
      pieces = joined(pieces, this.vocabulary.merges[best]!);
    }
    return pieces.map((piece) => this.number(piece, word, at));
  }

  private number(token: string, text: string, at: number): number {
    const number = this.numbers.get(token);
    if (number !== undefined) return number;
    const code = `U+${token.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
    throw new DataError(
      `tokenizer: ${JSON.stringify(token)} (${code}) at ${at} is not among its ${this.size} tokens; leave it out, or take a tokenizer that has it`,
      { received: text.slice(0, 40) },
    );
  }

  /**
   * The text of tokens; special ones under their names, bytes that are no UTF-8 as U+FFFD.
   * @throws {DataError} a number that is no token: they are another vocabulary's
   */
  decode(tokens: ArrayLike<number>): string {
    const { level, special } = this.vocabulary;
    const names = new Map([...special].map(([name, number]) => [number, name]));
    let text = "";
    let bytes: number[] = [];
    const flush = () => {
      text += UTF_8.decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const number of Array.from(tokens)) {
      const token = this.vocabulary.tokens[number];
      if (token === undefined)
        throw new DataError(
          `tokenizer: expected tokens from 0 to ${this.size - 1}, got ${number}: it is another vocabulary's`,
        );
      const raw = level === "byte" && !names.has(number) ? toBytes(token) : undefined;
      if (raw !== undefined) for (const byte of raw) bytes.push(byte);
      else {
        flush();
        text += token;
      }
    }
    flush();
    return text;
  }

  /** The same tokens and some special ones after them; those that it has stay. */
  with(names: readonly string[]): Tokenizer {
    const { tokens, special, ...rest } = this.vocabulary;
    const fresh = names.filter((name) => !special.has(name));
    const more = fresh.map((name, i) => [name, tokens.length + i] as const);
    return new Tokenizer({
      ...rest,
      tokens: [...tokens, ...fresh],
      special: new Map([...special, ...more]),
    });
  }
}

/** Keeps U+FEFF, which is a character like any other but at the start of a file. */
const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Words whose tokens are remembered: short ones, and not without end. */
const LONGEST_KNOWN = 64;
const MOST_KNOWN = 1 << 16;

/** No token holds the separator but a lone NUL, which is merged with nothing. */
export const pairKey = (a: string, b: string): string => `${a}\u0000${b}`;

/** The pieces with every a, b that stand together made one, from left to right. */
export function joined(pieces: readonly string[], [a, b]: readonly [string, string]): string[] {
  const found: string[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === a && pieces[i + 1] === b) {
      found.push(a + b);
      i++;
    } else found.push(pieces[i]!);
  }
  return found;
}
