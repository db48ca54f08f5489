import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scope } from "../../src/tensor/index.ts";
import { compareWith } from "./kinds.ts";

test("every loss of the file, its terms and its gradients are compared", () => {
  const path = fileURLToPath(new URL("../golden/ctrl-losses.safetensors", import.meta.url));
  const { comparison } = scope(() => compareWith(path));
  expect([comparison.outputs.size, comparison.gradients.size]).toEqual([14, 9]);
});
