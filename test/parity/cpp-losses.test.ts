import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scope } from "../../src/tensor/index.ts";
import { compareWith } from "./kinds.ts";

test("membership, losses and coding length of the file are compared, and both gradients", () => {
  const path = fileURLToPath(new URL("../golden/cpp-losses.safetensors", import.meta.url));
  const { comparison } = scope(() => compareWith(path));
  expect([comparison.outputs.size, comparison.gradients.size]).toEqual([6, 2]);
});
