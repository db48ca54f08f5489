import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { patchify, record, unpatchify } from "../../nn/index.ts";
import { cat, gradients, noGrad, random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import {
  CrateDecoderLayer,
  type CrateMae,
  createModel,
  interpolatePositions,
  maskedError,
  maskedTarget,
  meanFill,
  models,
  parameterCount,
  randomMask,
  sinCosPositions,
  type ViTMae,
} from "../index.ts";

// the authors' classes, with the fixed positions and the layer that nothing uses
test.each([
  ["crate_mae_tiny", 11_555_328],
  ["crate_mae_small", 25_405_824],
  ["crate_mae_base", 44_638_464],
  ["crate_mae_large", 154_274_560],
  ["vit_mae_small", 47_578_240],
  ["vit_mae_base", 143_790_336],
  ["vit_mae_large", 406_014_720],
])("%s has %d parameters", (name, count) => {
  const { dim: d, parameters } = models().find((model) => model.name === name)!;
  const e = { vit_mae_small: 512, vit_mae_base: 768, vit_mae_large: 1024 }[name];
  const fixed = e === undefined ? 2 * 197 * d! + d! * d! + d! : 197 * (d! + e);
  expect(parameters! + fixed).toBe(count);
});

const shape = { imageSize: 16, patch: 4, channels: 3 };
const sizes = { ...shape, dim: 24, depth: 2, heads: 3 };
const vit = { ...sizes, decoderDim: 16, decoderDepth: 1, decoderHeads: 2 };
const images = (b = 2): Tensor => random(3).at("images").normal([b, 3, 16, 16]);
const maskOf = (b = 2, ratio = 0.75): Tensor => randomMask(random(3).at("noise").uniform([b, 16]), ratio);

test.each([
  ["crate_mae", sizes],
  ["crate_mae_tiny", { ...shape, depth: 1 }],
  ["vit_mae", vit],
])("the count by formula is the count of %s built", (name, options) => {
  using model = createModel(name, options, random(0));
  expect(model.parameterCount()).toBe(parameterCount(name, options));
});

test("what is learned is all but fixed positions and the unused layer, 11,404,032 of CRATE-MAE-T with it", () => {
  using model = createModel("crate_mae_tiny", { imageSize: 224, patch: 16 }, random(0));
  expect(model.parameterCount() + 384 * 384 + 384).toBe(11_404_032);
});

test("CrateDecoderLayer: Y½ = LN(Y) Eᵀ, Y⁺ = Y½ − MSSA(LN(Y½)), no skip around E", () =>
  scope(() => {
    const layer = new CrateDecoderLayer(random(1), { ...sizes, headDim: 8 });
    const Y = random(2).normal([2, 5, 24]);
    const half = layer.norm1.apply(Y).matmul(layer.linear.W.T);
    expectClose(layer.apply(Y), half.sub(layer.mssa.apply(layer.norm2.apply(half))));
    expect(layer.linear.b).toBeUndefined();
    layer.dispose();
  }));

test("CrateMae: mask tokens stand for removed patches from the first layer on; the prediction leaves out the class token", () =>
  scope(() => {
    const model = createModel("crate_mae", sizes, random(1)) as CrateMae;
    const [X, mask] = [images(), maskOf()];
    const { result, found } = record(model, ["tokens", "latent"], () => model.apply(X, mask));
    const patches = model.embedding.apply(X);
    const hidden = mask.unsqueeze(-1);
    const shown = patches.mul(hidden.neg().add(1)).add(model.maskToken.mul(hidden));
    const first = cat([model.cls.expand([2, 1, 24]), shown], 1).add(model.positions);
    expectClose(found.get("tokens")!, first);
    let Z = first;
    for (const block of model.blocks) Z = block.apply(Z);
    expectClose(found.get("latent")!, model.norm.apply(Z));
    let Y = model.norm.apply(Z);
    for (const block of model.decoder) Y = block.apply(Y);
    expectClose(result, model.prediction.apply(model.decoderNorm.apply(Y)).narrow(1, 1, 16));
    for (const each of found.values()) each.dispose();
    model.dispose();
  }));

test("what lies under the mask changes no prediction, what is visible does", () =>
  scope(() => {
    for (const [name, options] of [
      ["crate_mae", sizes],
      ["vit_mae", vit],
    ] as const) {
      const model = createModel(name, options, random(1));
      const mask = maskOf();
      const patches = patchify(images(), 4);
      const other = unpatchify(patches.add(mask.unsqueeze(-1)), 4, [16, 16]);
      const shifted = unpatchify(
        patches.add(
          mask
            .neg()
            .add(1)
            .unsqueeze(-1)
            .mul(random(5).normal([2, 16, 48])),
        ),
        4,
        [16, 16],
      );
      const [a, b, c] = [images(), other, shifted].map((X) => noGrad(() => model.apply(X, mask)));
      expectClose(a!, b!, 1e-5);
      expect(a!.sub(c!).abs().max().item()).toBeGreaterThan(1e-4);
      model.dispose();
    }
  }));

test("ViTMae: visible patches through the encoder alone, put back in their places, predicted everywhere", () =>
  scope(() => {
    const model = createModel("vit_mae", vit, random(1)) as ViTMae;
    const mask = maskOf();
    const { result, found } = record(model, ["latent"], () => model.apply(images(), mask));
    expect(found.get("latent")!.shape).toEqual([2, 5, 24]);
    expect(result.shape).toEqual([2, 16, 48]);
    const loss = maskedError(result, maskedTarget(images(), 4), mask);
    const all = gradients(loss, model.parameters());
    expect(all.every((gradient) => Number.isFinite(gradient.sum().item()))).toBe(true);
    for (const each of found.values()) each.dispose();
    model.dispose();
  }));

test("a fresh model's loss on noise is near the authors', 1.85", () =>
  scope(() => {
    const model = createModel("crate_mae", { ...shape, dim: 96, depth: 4, heads: 4 }, random(1));
    const loss = noGrad(() =>
      maskedError(model.apply(images(8), maskOf(8)), maskedTarget(images(8), 4), maskOf(8)),
    );
    expect(loss.item()).toBeGreaterThan(1);
    expect(loss.item()).toBeLessThan(3);
    model.dispose();
  }));

test("the classifier has the encoder's names, so that its weights come from a masked autoencoder", () => {
  using model = createModel("crate_mae", sizes, random(1));
  using classifier = createModel("crate_mae", { ...sizes, classes: 5, pool: "mean" }, random(2));
  const names = [...classifier.stateDict().keys()];
  expect(names.filter((name) => !model.stateDict().has(name))).toEqual(["head.weight", "head.bias"]);
  using X = images();
  using logits = noGrad(() => classifier.apply(X));
  expect(logits.shape).toEqual([2, 5]);
});

test("patches put together again are the image", () =>
  scope(() => expectClose(unpatchify(patchify(images(), 4), 4, [16, 16]), images())));

test("a random mask removes the patches of most noise, ⌊N (1 − r)⌋ are kept", () =>
  scope(() => {
    const noise = tensor([[0.9, 0.1, 0.5, 0.3]]);
    expect(randomMask(noise, 0.5).toArray()).toEqual([[1, 0, 1, 0]]);
    expect(randomMask(noise, 0.4).toArray()).toEqual([[1, 0, 1, 0]]);
    expect(randomMask(noise, 0.75).toArray()).toEqual([[1, 0, 1, 1]]);
  }));

test.each([0, 1, -0.5, 1.2, Number.NaN])("a mask ratio of %d is refused", (ratio) => {
  using noise = tensor([[0.9, 0.1]]);
  expect(() => randomMask(noise, ratio)).toThrow(`mask ratio: expected above 0 and below 1, got ${ratio}`);
});

test("a ratio that keeps nothing or everything is refused", () => {
  using noise = tensor([[0.9, 0.1, 0.2]]);
  expect(() => randomMask(noise, 0.9)).toThrow("mask ratio: 0.9 keeps 0 of 3 patches");
});

test("an image smaller than a patch is refused", () => {
  expect(() => createModel("crate_mae_tiny", { imageSize: 8, patch: 16 }, random(0))).toThrow(
    "model.patch: 16 is more than model.imageSize 8: no patch fits the image",
  );
  expect(() => createModel("crate_mae_tinny", shape, random(0))).toThrow('did you mean "crate_mae_tiny"');
  expect(() => createModel("crate_mae", shape, random(0))).toThrow("model.dim: expected for model crate_mae");
  expect(() => createModel("vit_mae", sizes, random(0))).toThrow(
    "model.decoderDim: expected for model vit_mae",
  );
});

test("normalised targets have mean 0 and unbiased variance 1 in every patch", () =>
  scope(() => {
    const target = maskedTarget(images().mul(3).add(1), 4, true);
    expect(target.mean(-1).abs().max().item()).toBeLessThan(1e-5);
    expect(target.var(-1).sub(1).abs().max().item()).toBeLessThan(1e-4);
  }));

test("the mean fill is the visible patches' mean of each channel", () =>
  scope(() => {
    // two patches of one pixel in a row, two channels
    const target = tensor([
      [
        [1, 10],
        [3, 20],
        [9, 90],
      ],
    ]);
    const mask = tensor([[0, 0, 1]]);
    const fill = meanFill(target, mask, 2);
    expect(fill.toArray()).toEqual([
      [
        [2, 15],
        [2, 15],
        [2, 15],
      ],
    ]);
    expect(maskedError(fill, target, mask).item()).toBe((49 + 75 ** 2) / 2);
  }));

test("fixed positions: zeros for the class token, the column in the first half, sines before cosines", () =>
  scope(() => {
    const positions = sinCosPositions(8, [2, 3]);
    expect(positions.shape).toEqual([1, 7, 8]);
    const rows = positions.toArray() as number[][][];
    expect(rows[0]![0]).toEqual(Array(8).fill(0));
    const [row, column] = [1, 2];
    const expected = [column, row].flatMap((x) => [
      Math.sin(x),
      Math.sin(x / 100),
      Math.cos(x),
      Math.cos(x / 100),
    ]);
    expectClose(tensor(rows[0]![1 + row * 3 + column]!), expected);
    expect(() => sinCosPositions(6, [2, 2])).toThrow("multiple of 4, got 6");
  }));

test("positions for another grid: a constant stays, the class token's too, the same grid changes nothing", () =>
  scope(() => {
    const positions = random(1).normal([1, 10, 4]);
    expectClose(interpolatePositions(positions, [3, 3], [3, 3]), positions, 1e-6);
    const wide = interpolatePositions(positions, [3, 3], [5, 4]);
    expect(wide.shape).toEqual([1, 21, 4]);
    expectClose(wide.narrow(1, 0, 1), positions.narrow(1, 0, 1));
    expectClose(
      interpolatePositions(positions.mul(0).add(2), [3, 3], [4, 4]),
      positions.narrow(1, 0, 1).mul(0).add(2).expand([1, 17, 4]),
      1e-5,
    );
    expect(() => interpolatePositions(positions, [2, 3], [4, 4])).toThrow(
      "expected 2 × 3 + 1 of them, got 10",
    );
  }));
