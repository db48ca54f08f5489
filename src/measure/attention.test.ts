/** @file The class token's attention is a distribution that has lost the class token's own share. */

import { expect, test } from "vitest";
import { createModel } from "../model/index.ts";
import { noGrad, random, scope } from "../tensor/index.ts";
import { classAttention } from "./attention.ts";

const small = { dim: 32, depth: 3, heads: 4, imageSize: 16, patch: 4, channels: 1, classes: 5 };

test.each(["crate", "vit"] as const)("%s: layers × heads × patches, each map sums to less than 1", (name) => {
  using model = createModel(name, small, random(1).at("model"));
  using image = random(2).normal([1, 16, 16]);
  const { maps, rows, columns, largest } = classAttention({ model }, image, 4)!;
  expect([rows, columns, maps.length, maps[0]!.length, maps[0]![0]!.length]).toEqual([4, 4, 3, 4, 16]);
  for (const map of maps.flat()) {
    const sum = map.reduce((total, weight) => total + weight, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(1);
  }
  const logits = noGrad(() => scope(() => model.apply(image.unsqueeze(0)).numbers()));
  expect(largest).toBe(logits.indexOf(Math.max(...logits)));
});
