/** @file The value of a flag that counts something. */
import { UsageError } from "../tensor/errors.ts";

/** A reader for commander: the whole number ≥ 1 that a flag's text stands for. */
export function wholeNumber(flag: string): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (Number.isSafeInteger(n) && n > 0) return n;
    throw new UsageError(`${flag}: expected a whole number from 1, received "${text}"`, {
      path: flag,
      expected: "a whole number from 1",
      received: text,
    });
  };
}
