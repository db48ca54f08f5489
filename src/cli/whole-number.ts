/** @file The value of a flag that counts something. */
import { UsageError } from "../tensor/errors.ts";

/** A reader for commander: the whole number ≥ `least` that a flag's text stands for. */
export function wholeNumber(flag: string, least = 1): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(n) && n >= least) return n;
    throw new UsageError(`${flag}: expected a whole number from ${least}, received "${text}"`, {
      path: flag,
      expected: `a whole number from ${least}`,
      received: text,
    });
  };
}
