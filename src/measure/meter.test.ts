/** @file Layer measures against closed forms, against random initialisation, and without leaks. */

import { describe, expect, test } from "vitest";
import { createModel } from "../model/index.ts";
import { authorsLayerRate } from "../rate/index.ts";
import { aten, eye, memory, noGrad, ones, random, scope, type Tensor, zeros } from "../tensor/index.ts";
import { Meter, measureLayers } from "./meter.ts";
import { measureTokens, spectrumSum } from "./tokens.ts";

const options = { epsilon: 0.5, authorsEpsilon: 0.01 };

/** Noise that is smooth over a few patches, [b, 3, side, side]. */
const smoothNoise = (count: number, side: number): Tensor =>
  scope(() => {
    const coarse = random(7).normal([count, 3, side / 8, side / 8]);
    return aten("upsample_bilinear2d", coarse, [side, side], false, null, null);
  });

/** The layers of a model of one stack. */
const layersOf = (...given: Parameters<typeof measureLayers>) => measureLayers(...given)[0]!.layers;

const small = { dim: 32, depth: 3, heads: 4, imageSize: 16, patch: 4, channels: 3, classes: 5 };

describe("tokens", () => {
  const [K, n, p] = [3, 20, 8];

  test("identical tokens: R̂ᶜ = ½ K log(1 + p/ε)", () => {
    const rate = scope(() => authorsLayerRate(ones([2, K, n, p]), 0.01).numbers());
    for (const value of rate) expect(value).toBeCloseTo(0.5 * K * Math.log(1 + p / 0.01), 3);
  });

  test("orthonormal tokens, m ≤ p: R̂ᶜ = ½ K m log(1 + p/(m ε))", () => {
    const m = 5;
    const rate = scope(() =>
      authorsLayerRate(eye(p).narrow(0, 0, m).mul(3).expand([2, K, m, p]), 0.01).numbers(),
    );
    for (const value of rate) expect(value).toBeCloseTo(0.5 * K * m * Math.log(1 + p / (m * 0.01)), 3);
  });

  test("with orthonormal U that spans everything and identity tokens, R and Rᶜ are known and ΔR is their difference", () => {
    const d = 16;
    const measures = noGrad(() =>
      scope(() => {
        const Z = eye(d).mul(2).unsqueeze(0); //                                [1, d, d]
        const subspaces = { U: eye(d), heads: 2 };
        return measureTokens(
          { input: Z.mul(2), projection: undefined, half: Z, output: Z, subspaces },
          options,
        );
      }),
    );
    // R = ½ d log(1 + d/(d ε²) 4); of the two heads each sees d/2 directions, and α = (d/2)/(d ε²)
    const R = (scale: number, share: number) => 0.5 * d * Math.log(1 + (share * scale) / 0.25);
    expect(measures.rate![0]).toBeCloseTo(R(4, 1), 4);
    expect(measures.rateUnit![0]).toBeCloseTo(R(1, 1), 4);
    expect(measures.paperRate![0]).toBeCloseTo(R(4, 0.5), 4);
    expect(measures.reduction![0]).toBeCloseTo(R(4, 1) - R(4, 0.5), 4);
    expect(measures.compression![0]).toBeCloseTo(R(16, 0.5) - R(4, 0.5), 4);
    expect(measures.compressionUnit![0]).toBeCloseTo(0, 4);
    expect(measures.nonZero![0]).toBeCloseTo(1 / d, 6);
    expect(measures.authorsRate).toBeUndefined();
  });

  test("the spectrum is of singular values, from the largest on", () => {
    const sum = scope(() =>
      spectrumSum(
        eye(4)
          .mul(ones([4, 1]).cumsum(0))
          .unsqueeze(0)
          .expand([2, 4, 4]),
      ),
    );
    expect([...sum].map((value) => Math.round(value * 1e5) / 1e5)).toEqual([8, 6, 4, 2]);
  });

  test("a token of zeros is NaN for the authors' estimator and no trouble for the others", () => {
    const measures = scope(() =>
      measureTokens(
        {
          input: undefined,
          projection: zeros([1, K, n, p]),
          half: zeros([1, n, K * p]),
          output: zeros([1, n, K * p]),
          subspaces: { U: eye(K * p), heads: K },
        },
        options,
      ),
    );
    expect(measures.authorsRate).toEqual([Number.NaN]);
    expect(measures.paperRateUnit).toEqual([0]);
  });
});

describe("a model", () => {
  test("CRATE at random initialisation lies where the authors' code does", () => {
    // crate.md §1.4 has CRATE-T at 224 px, depth 12: R̂ᶜ 768 → 822 of at most 886, non-zeros .496, .356, .30, .28.
    // Two layers at 96 px with the same width and heads have the same ceiling and the same sparsity.
    const given = { dim: 384, depth: 3, heads: 6, imageSize: 96, patch: 8, classes: 10 };
    using model = createModel("crate", given, random(1).at("model"));
    using images = smoothNoise(3, 96);
    const layers = layersOf(model, images, { spectra: 1 });
    const ceiling = (384 / 2) * Math.log(101);
    const rates = layers.map((layer) => layer.authorsRate!.mean / ceiling);
    expect(rates[0]).toBeGreaterThan(0.8);
    expect(rates[0]).toBeLessThan(rates[1]!);
    expect(rates[2]).toBeLessThan(0.97);
    const shares = layers.map((layer) => layer.nonZero!.mean);
    expect(Math.abs(shares[0]! - 0.496)).toBeLessThan(0.015);
    expect(Math.abs(shares[1]! - 0.356)).toBeLessThan(0.02);
    expect(Math.abs(shares[2]! - 0.3)).toBeLessThan(0.02);
    // rows U(±1/√d): a column's expected squared length is ⅓, Uₖᵀ Uₖ is far from I
    expect(layers[0]!.weights!.subspaces.raw[0]).toBeGreaterThan(4);
  });

  test("measures are the same in one batch and in several", () => {
    using model = createModel("crate", small, random(3).at("model"));
    using images = smoothNoise(6, 16);
    const whole = layersOf(model, images, { spectra: 4 });
    const parts = new Meter({ model }, { spectra: 4 });
    for (const [start, length] of [
      [0, 1],
      [1, 3],
      [4, 2],
    ] as const)
      scope(() => parts.add(images.narrow(0, start, length)));
    const { layers } = parts.measures()[0]!;
    layers.forEach((layer, l) => {
      const other = whole[l]!;
      for (const name of ["authorsRate", "paperRate", "rate", "nonZero"] as const) {
        expect(layer[name]!.mean).toBeCloseTo(other[name]!.mean, 3);
        expect(layer[name]!.std).toBeCloseTo(other[name]!.std, 3);
      }
      layer.spectrum.forEach((value, i) => {
        expect(value).toBeCloseTo(other.spectrum[i]!, 3);
      });
    });
  });

  test("the deviation of one sample is not defined, the population's is 0", () => {
    using model = createModel("crate", small, random(3).at("model"));
    using images = smoothNoise(1, 16);
    const layers = layersOf(model, images);
    expect(layers[0]!.authorsRate!.std).toBeNaN();
    expect(layers[0]!.nonZero!.std).toBe(0);
  });

  test("a ViT has rates of the whole, and nothing that needs subspaces", () => {
    using model = createModel("vit", small, random(4).at("model"));
    using images = smoothNoise(4, 16);
    const layers = layersOf(model, images);
    expect(layers).toHaveLength(3);
    for (const layer of layers) {
      expect(layer.rate!.mean).toBeGreaterThan(0);
      expect(layer.nonZero!.mean).toBeGreaterThan(0.99);
      expect(Object.keys(layer).sort()).toEqual(["nonZero", "rate", "rateUnit", "spectrum"]);
    }
  });

  test("measuring leaves no tensor behind, an option out of range says so", () => {
    using model = createModel("crate", small, random(3).at("model"));
    using images = smoothNoise(2, 16);
    const before = memory().tensors;
    measureLayers(model, images);
    expect(memory().tensors).toBe(before);
    expect(() => measureLayers(model, images, { epsilon: 0 })).toThrow("expected ε > 0, got 0");
    expect(memory().tensors).toBe(before);
    expect(() => new Meter({ model }, { spectra: 0 })).toThrow("at least 1, got 0");
    expect(() => new Meter({ model }).measures()).toThrow("at least one sample");
  });
});
