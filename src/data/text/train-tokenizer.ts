/** @file Tokenizers made from a text: its characters, all bytes, or merges of the pairs that are met most. */

import { UsageError } from "../../base/errors.ts";
import { LETTERS, toLetters, WORDS } from "./byte-letters.ts";
import { joined, pairKey, Tokenizer } from "./tokenizer.ts";

const NONE = { merges: [], special: new Map<string, number>() };

/** The distinct characters of a text, in the order of their code points. */
export function characterTokenizer(text: string): Tokenizer {
  const characters = [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return new Tokenizer({ level: "character", words: false, tokens: characters, ...NONE });
}

/** The 256 bytes: token n is byte n, and no text is beyond it. */
export const byteTokenizer = (): Tokenizer =>
  new Tokenizer({ level: "byte", words: false, tokens: LETTERS, ...NONE });

/** A word as pieces that are merged step by step, and how often it is met. */
interface Word {
  pieces: string[];
  count: number;
}

/**
 * Byte-pair encoding: starts from the 256 bytes and merges, again and again, the pair that stands together most often
 * inside GPT-2's words; of pairs met equally often, the one whose parts became tokens first.
 *
 * @param size tokens in all; fewer where no pair is met twice
 * @throws {UsageError} fewer than the bytes
 * @see Sennrich et al. 2016, byte-pair encoding
 */
export function trainBpe(text: string, size: number): Tokenizer {
  if (!(Number.isInteger(size) && size >= LETTERS.length))
    throw new UsageError(`vocabulary: expected ${LETTERS.length} tokens or more, the bytes, got ${size}`);
  const words = countWords(text);
  const tokens = [...LETTERS];
  const order = new Map(tokens.map((token, i) => [token, i]));
  const pairs = new PairCounts(words, (token) => order.get(token)!);
  const merges: [string, string][] = [];
  while (tokens.length < size) {
    const pair = pairs.mostFrequent();
    if (pair === undefined) break;
    const token = pair[0] + pair[1];
    // two pairs can spell one token: it keeps its first number
    if (!order.has(token)) {
      order.set(token, tokens.length);
      tokens.push(token);
    }
    merges.push(pair);
    pairs.merge(pair);
  }
  return new Tokenizer({ level: "byte", words: true, tokens, merges, special: new Map() });
}

function countWords(text: string): Word[] {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({ pieces: [...toLetters(encoder.encode(word))], count }));
}

interface Pair {
  parts: [string, string];
  count: number;
  /** Words that it stands in, or once stood in. */
  words: Set<Word>;
}

/** How often each pair stands together, kept up while words are merged. */
class PairCounts {
  private readonly pairs = new Map<string, Pair>();

  constructor(
    words: readonly Word[],
    private readonly orderOf: (token: string) => number,
  ) {
    for (const word of words) this.add(word, 1);
  }

  /** Counts a word's pairs in, or with −1 out. */
  private add(word: Word, sign: 1 | -1): void {
    const { pieces, count } = word;
    for (let i = 0; i + 1 < pieces.length; i++) {
      const [a, b] = [pieces[i]!, pieces[i + 1]!];
      const key = pairKey(a, b);
      let pair = this.pairs.get(key);
      if (pair === undefined) {
        pair = { parts: [a, b], count: 0, words: new Set() };
        this.pairs.set(key, pair);
      }
      pair.count += sign * count;
      if (sign === 1) pair.words.add(word);
      if (pair.count === 0) this.pairs.delete(key);
    }
  }

  /** The pair to merge next; none where no pair is met twice. */
  mostFrequent(): [string, string] | undefined {
    let best: Pair | undefined;
    for (const pair of this.pairs.values()) if (best === undefined || this.before(pair, best)) best = pair;
    return best !== undefined && best.count > 1 ? best.parts : undefined;
  }

  private before(one: Pair, other: Pair): boolean {
    if (one.count !== other.count) return one.count > other.count;
    const [a, b] = one.parts.map(this.orderOf) as [number, number];
    const [c, d] = other.parts.map(this.orderOf) as [number, number];
    return a !== c ? a < c : b < d;
  }

  merge(parts: [string, string]): void {
    const pair = this.pairs.get(pairKey(...parts));
    for (const word of [...(pair?.words ?? [])]) {
      this.add(word, -1);
      word.pieces = joined(word.pieces, parts);
      this.add(word, 1);
    }
  }
}
