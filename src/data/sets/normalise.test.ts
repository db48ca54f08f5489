import { expect, test } from "vitest";
import { moments } from "./moments.ts";
import { IMAGENET, normalisation } from "./normalise.ts";
import { openDataset } from "./registry.ts";

test("the constants of the digits and of synthetic sets are those of their pixels", async () => {
  const digits = await openDataset("digits", { split: "train" });
  const { mean, std } = moments(digits);
  const own = normalisation(digits, "dataset");
  expect(mean[0]).toBeCloseTo(own.mean[0]!, 4);
  expect(std[0]).toBeCloseTo(own.std[0]!, 4);
  const waves = await openDataset("synthetic", { split: "train" });
  const measured = moments(waves);
  for (let c = 0; c < 3; c++) {
    expect(Math.abs(measured.mean[c]! - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(measured.std[c]! - 0.25)).toBeLessThan(0.05);
  }
  expect(normalisation(waves, "dataset")).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
});

test("each kind gives one value a channel", () => {
  expect(normalisation({ name: "mnist", channels: 1 }, "none")).toEqual({ mean: [0], std: [1] });
  expect(normalisation({ name: "cifar10", channels: 3 }, "imagenet")).toBe(IMAGENET);
  expect(normalisation({ name: "folder:/x", channels: 3 }, "dataset")).toBe(IMAGENET);
  expect(() => normalisation({ name: "mnist", channels: 1 }, "imagenet")).toThrow("mnist has 1");
});
