import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { largest } from "./golden.ts";
import { compareWith } from "./kinds.ts";

test.each([
  ["vector", 13],
  ["1d", 14],
  ["2d", 13],
])("ReduNet of the authors, %s: operators, features, rates", (form, count) => {
  const path = fileURLToPath(new URL(`../golden/redunet-${form}.safetensors`, import.meta.url));
  const { outputs } = compareWith(path).comparison;
  expect(outputs.size).toBe(count);
  expect(largest(outputs).error).toBeLessThan(1e-5);
});
