import { expect, test } from "vitest";
import { UsageError } from "./errors.ts";
import { plain, plainJson, plainLines, shortened, shortest } from "./plain-text.ts";

/** Every control character and every mark of direction. */
const STEERING = [
  ...Array.from({ length: 0xa0 }, (_, code) => code).filter((code) => code < 0x20 || code > 0x7e),
  ...[0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
  ...[0x2066, 0x2067, 0x2068, 0x2069],
].map((code) => String.fromCharCode(code));

test("nothing that steers a terminal is left, and nothing else is changed", () => {
  for (const char of STEERING) {
    expect(plain(`a${char}b`)).toMatch(/^a[ �]b$/);
    if (!"\n\t".includes(char)) expect(plainLines(`a${char}b`)).toMatch(/^a[ �]b$/);
    expect(new UsageError(`a${char}b`).message).toMatch(/^a[ �]b$/);
  }
  const names = "Größe 數 🍎 ❤️ שלום a\u0301 family 👩‍👧";
  expect([plain(names), plainLines(names), plainJson(names)]).toEqual([names, names, names]);
  expect(plain("a\u001b[2J\r\nb\tc")).toBe("a�[2J b c");
  expect(plainLines("a\tb\r\nc\n")).toBe("a\tb\nc\n");
});

test("JSON keeps every value exactly", () => {
  const text = plainJson(JSON.stringify(STEERING));
  expect(JSON.parse(text)).toEqual(STEERING);
  expect(text).toMatch(/^[ -~]*$/);
});

test("numbers are as short as people write them", () => {
  expect([1, 1000, 4096, 1e6, 4294967295, 1e-12, 0.5, 1e12].map(shortest)).toEqual([
    "1",
    "1000",
    "4096",
    "1e6",
    "4294967295",
    "1e-12",
    "0.5",
    "1e12",
  ]);
});

test("a long line keeps its begin and its end", () => {
  const line = `error: ${"x".repeat(5000)}; choose another --output`;
  expect(shortened(line)).toHaveLength(1000);
  expect(shortened(line)).toMatch(/^error: x+ … x+; choose another --output$/);
  expect(shortened("short")).toBe("short");
});
