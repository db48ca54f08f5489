import { expect, test } from "vitest";
import { createModel, familyOf } from "../../model/index.ts";
import { aten, ones, random, scope, type Tensor } from "../../tensor/index.ts";
import { createOptimizer } from "../../train/optimizer.ts";
import { layerDecay } from "./layer-decay.ts";

test("layerDecay: rates fall towards the image, in every family; the head keeps its own", () => {
  const depth = 2;
  const stemmed = ["crate", "crate_alpha", "aot", "vit"].map((family) => [family, "convolutions"] as const);
  const plain = ["crate", "crate_mae", "crate_alpha", "aot", "vit", "tost"].map(
    (family) => [family] as const,
  );
  for (const [family, stem] of [...plain, ...stemmed]) {
    const sizes = { imageSize: 8, patch: 4, channels: 3, dim: 8, depth, heads: 2, classes: 3 };
    using model = createModel(family, { ...sizes, ...(stem && { stem }) }, random(1));
    const names = [...model.namedParameters().keys()];
    const scaleOf = layerDecay(0.5, names, familyOf(family).family.layerOf!);
    const scales = new Map(names.map((name) => [name, scaleOf(name)]));
    expect([family, [...new Set(scales.values())].sort()]).toEqual([family, [0.125, 0.25, 0.5, 1]]);
    for (const [name, scale] of scales) {
      if (/(head|^norm|^cls_attn_blocks)/.test(name)) expect([name, scale]).toEqual([name, 1]);
      if (/^(blocks|transformer\.layers)\.1\./.test(name)) expect([name, scale]).toEqual([name, 0.5]);
    }
  }
});

test("an optimiser moves each parameter by its own rate, and decays it so", () => {
  scope(() => {
    const one = () => ones([2]);
    const apart = new Map([
      ["a", one()],
      ["b", one()],
    ]);
    const scaled = new Map([
      ["a", one()],
      ["b", one()],
    ]);
    const options = { weightDecay: 0.1 };
    using plain = createOptimizer("adamw", apart, options);
    using own = createOptimizer("adamw", scaled, { ...options, scales: (name) => (name === "a" ? 0.25 : 1) });
    const slopes = [one(), one().mul(2)];
    plain.step(slopes, 0.1);
    own.step(slopes, 0.1);
    const moved = (map: Map<string, Tensor>, name: string) => 1 - map.get(name)!.mean().item();
    expect(moved(scaled, "b")).toBeCloseTo(moved(apart, "b"), 7);
    expect(moved(scaled, "a")).toBeCloseTo(moved(apart, "a") / 4, 6);
    expect([...own.stateDict().keys()].sort()).toEqual([...plain.stateDict().keys()].sort());
    expect(
      aten<Tensor>("equal", own.stateDict().get("exp_avg.b")!, plain.stateDict().get("exp_avg.b")!),
    ).toBe(true);
  });
});
