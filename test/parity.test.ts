import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compareWith } from "./parity/kinds.ts";

const folder = new URL("./golden/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));

describe("the authors' numbers", () => {
  test.each(files)("%s: values to 1e-5, gradients to 1e-4", (file) => {
    const { comparison } = compareWith(new URL(file, folder).pathname);
    expect(comparison.outputs.size).toBeGreaterThan(0);
    for (const [name, error] of comparison.outputs) expect(error, name).toBeLessThan(1e-5);
    for (const [name, error] of comparison.gradients) expect(error, name).toBeLessThan(1e-4);
  });

  test("a kind that is not known is refused by name", () => {
    expect(() => compareWith(new URL("./golden/README.md", import.meta.url).pathname)).toThrow("safetensors");
  });
});
