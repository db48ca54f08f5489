/** @file The model of many processes, by hand. */

import { expect, test } from "vitest";
import { allReduceSeconds, bucketsOf, fitNetwork, stepSeconds } from "../bench/scale-model.ts";

test("latency and bandwidth come back from times that they make", () => {
  const network = { alpha: 2e-4, beta: 1e9 };
  for (const P of [2, 4, 64]) {
    const times = [4, 65_536, 4e6, 1e8].map((S) => [S, allReduceSeconds(P, S, network)] as const);
    const found = fitNetwork(P, times);
    expect(found.alpha / network.alpha).toBeCloseTo(1, 6);
    expect(found.beta / network.beta).toBeCloseTo(1, 6);
  }
});

test("24 MB among 64 at .2 ms and 1 GB/s: 2 · 63 rounds of latency, and 63/32 of the bytes", () => {
  expect(allReduceSeconds(64, 24e6, { alpha: 2e-4, beta: 1e9 })).toBeCloseTo(0.0252 + 0.04725, 10);
});

test("a step hides communication behind two thirds of its backward pass", () => {
  const network = { alpha: 0, beta: 1e9 };
  const parts = { forward: 1, backward: 0.3, buckets: [1e8, 2e8] }; // .3 s of bytes among 2, of which .2 s hide
  expect(stepSeconds(2, parts, network)).toBeCloseTo(1.4, 10);
  expect(stepSeconds(2, { ...parts, backward: 0.6 }, network)).toBeCloseTo(1.6, 10);
  expect(stepSeconds(1, parts, network)).toBeCloseTo(1.3, 10);
});

test("a first bucket of 1 MiB, others of P/2 up to 25, and what is left", () => {
  const MiB = 2 ** 20;
  expect(bucketsOf(2.5 * MiB, 2)).toEqual([MiB, MiB, 0.5 * MiB]);
  expect(bucketsOf(10 * MiB, 8)).toEqual([MiB, 4 * MiB, 4 * MiB, MiB]);
  expect(bucketsOf(30 * MiB, 1024)).toEqual([MiB, 25 * MiB, 4 * MiB]);
  expect(bucketsOf(1000, 2)).toEqual([1000]);
});
