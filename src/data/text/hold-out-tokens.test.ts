import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { memory, random } from "../../tensor/index.ts";
import { holdOutTokens } from "./hold-out-tokens.ts";
import { TokenFile, type Tokens } from "./token-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));

const numbers = Uint16Array.from({ length: 200 }, (_, i) => i);
const path = join(folder, "train.bin");
writeFileSync(path, numbers);
const all = (tokens: Tokens) => [...Array.from(tokens.subarray(0, tokens.length))];

test.each([
  ["in memory", numbers],
  ["in a file", new TokenFile(path, "uint16", 1000)],
])("of tokens %s, one stretch is held out and the rest is joined", (_, tokens) => {
  const before = memory().tensors;
  const { train, validation, from } = holdOutTokens(tokens, 0.2, random(3));
  expect(all(validation)).toEqual(Array.from({ length: 40 }, (_, i) => from + i));
  expect(all(train)).toEqual([...numbers].filter((n) => n < from || n >= from + 40));
  const around = [Math.max(0, from - 5), Math.min(160, from + 5)] as const;
  expect(Array.from(train.subarray(...around))).toEqual(all(train).slice(...around));
  expect(Array.from(validation.subarray(7, 11))).toEqual(all(validation).slice(7, 11));
  expect(holdOutTokens(tokens, 0.2, random(3)).from).toBe(from);
  const places = [1, 2, 4, 5].map((seed) => holdOutTokens(tokens, 0.2, random(seed)).from);
  expect(new Set([from, ...places]).size).toBeGreaterThan(1);
  expect(memory().tensors).toBe(before);
});
