import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { WORDS } from "./byte-letters.ts";
import { byteTokenizer } from "./train-tokenizer.ts";

const words = (text: string): string[] => text.match(WORDS) ?? [];

test("every character is a letter, a digit, a space or another sign as in Hugging Face's tokenizers 0.23", () => {
  // from U+34000 on there is none of the first three
  const codes = Array.from({ length: 0x34000 }, (_, code) => code).filter((code) => code >> 11 !== 0x1b);
  const signs = codes.map((code) => String.fromCodePoint(code));
  /** Whether each sign stands in one word with `other`, which is before it. */
  const joined = (other: string): boolean[] => {
    const found = new Set(words(signs.map((sign) => `${other}${sign}\n`).join("")));
    return signs.map((sign) => found.has(other + sign));
  };
  const [letter, digit, sign] = ["a", "1", "!"].map(joined);
  const kinds = signs.map((_, i) => (letter![i] ? "L" : digit![i] ? "N" : sign![i] ? "o" : "S"));
  // of the same kinds, told by the library's own cuts
  expect(createHash("sha256").update(kinds.join("")).digest("hex")).toBe(
    "2281a72de9e9beeaa396ed661c3d973e96651a2d8251467cd9405efaf8c348fd",
  );
});

test.each([
  ["a\u0085b", ["a", "\u0085", "b"]],
  [" \u0085 x", [" \u0085", " x"]],
  ["\u0085\u0085y", ["\u0085", "\u0085", "y"]],
  ["\ufeff\ufeffx", ["\ufeff\ufeff", "x"]],
  ["don't\u00a0 we\u2028\u2029 1\u00bdx", ["don", "'t", "\u00a0", " we", "\u2028\u2029", " 1\u00bd", "x"]],
  ["x\u180ey\u200bz", ["x", "\u180e", "y", "\u200b", "z"]],
  ["\u3000\u3000中文 ١٢", ["\u3000", "\u3000", "中文", " ١٢"]],
  ["it's'll 'rex \r\n\r\nz  ", ["it", "'s", "'ll", " '", "rex", " \r\n\r", "\n", "z", "  "]],
])("%j is cut as Hugging Face's tokenizers cut it", (text, expected) => {
  expect(words(text)).toEqual(expected);
});

test("U+FEFF comes back from its tokens", () => {
  const tokenizer = byteTokenizer();
  expect(tokenizer.decode(tokenizer.encode("\ufeffa\ufeff"))).toBe("\ufeffa\ufeff");
});
