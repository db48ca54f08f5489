/** @file The value of a flag that counts something, and the flag `--seed`. */
import { Option } from "commander";
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

/** `--seed`, from 0 to 2³² − 1 in every command. @param about what is drawn with it, where not everything is */
export const seedOption = (preset?: number, about = "random seed"): Option => {
  const option = new Option("--seed <n>", about).argParser(wholeNumber("--seed", 0, 0xffffffff));
  return preset === undefined ? option : option.default(preset);
};
