/** @file The value of a flag that counts something. */
import { UsageError } from "../base/errors.ts";
import { shortest } from "../base/plain-text.ts";

/** A reader for commander: the whole number from `least` up to `most` that a flag's text stands for. */
export function wholeNumber(flag: string, least = 1, most = 1e6): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (text.trim() !== "" && Number.isInteger(n) && n >= least && n <= most) return n;
    const expected = `a whole number from ${least} up to ${shortest(most)}`;
    throw new UsageError(`${flag}: expected ${expected}, received "${text}"`, {
      path: flag,
      expected,
      received: text,
    });
  };
}

/** A reader of `--seed`. */
export const seedNumber = wholeNumber("--seed", 0, 0xffffffff);
