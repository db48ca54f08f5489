/** @file The validation split of a text: a stretch of its training tokens, at a place drawn by seed. */

import type { Random } from "../../tensor/index.ts";
import type { Tokens } from "./token-file.ts";

/** A stretch of a text, and what is left of it. */
export interface HeldOutTokens {
  /** What stands before the stretch and after it, joined: one place where the text jumps. */
  train: Tokens;
  validation: Tokens;
  /** Where the stretch begins. */
  from: number;
}

/**
 * Holds out round(share · n) of n tokens in a row. Neighbours of a token foretell it, so that single tokens or short blocks
 * among training text would not be unseen. Nothing is read or copied.
 *
 * @param share of the tokens, above 0 and below 1
 */
export function holdOutTokens(tokens: Tokens, share: number, random: Random): HeldOutTokens {
  const n = tokens.length;
  const length = Math.min(n, Math.max(1, Math.round(share * n)));
  using place = random.integers([1], 0, n - length + 1);
  const from = place.item();
  const validation = {
    length,
    subarray: (start: number, end: number) => tokens.subarray(from + start, from + end),
  };
  const train = {
    length: n - length,
    subarray(start: number, end: number): ArrayLike<number> {
      if (end <= from) return tokens.subarray(start, end);
      if (start >= from) return tokens.subarray(start + length, end + length);
      const joined = new Uint32Array(end - start);
      joined.set(tokens.subarray(start, from));
      joined.set(tokens.subarray(from + length, end + length), from - start);
      return joined;
    },
  };
  return { train, validation, from };
}
