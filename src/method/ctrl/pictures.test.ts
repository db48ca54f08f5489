import { expect, test } from "vitest";
import { batches, imageSource, syntheticSet } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { createModel } from "../../model/index.ts";
import { toSphere } from "../../nn/index.ts";
import { noGrad, random, scope, tensor } from "../../tensor/index.ts";
import { classModel, sampleClass, spectrum } from "./class-model.ts";
import { interpolate, sampleImages, similarity, transcribe, traverse } from "./pictures.ts";
import { measureStatistics } from "./statistics.ts";

const nets = () => createModel("ctrl_mnist", { channels: 1, features: 8, width: 4 }, random(0));

test("pictures have the shapes promised, come from evaluation mode, and leave the mode as it was", () => {
  scope(() => {
    const both = nets();
    const { encoder, decoder } = both;
    const x = random(1).normal([5, 1, 32, 32]);
    const first = transcribe(both, x);
    expect(first.shape).toEqual([5, 1, 32, 32]);
    expect(
      transcribe(both, x.narrow(0, 0, 1))
        .sub(first.narrow(0, 0, 1))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-5);
    expect([encoder.training, decoder.training]).toEqual([true, true]);
    const Z = toSphere(random(2).normal([6, 8]));
    const model = classModel(toSphere(random(3).normal([20, 8])), 3);
    expect(traverse(decoder, Z, model, 1, 4).shape).toEqual([6, 4, 1, 32, 32]);
    expect(sampleImages(decoder, model, random(4).normal([7, 3])).shape).toEqual([7, 1, 32, 32]);
    const line = interpolate(decoder, Z, Z.flip([0]), 3);
    expect(line.shape).toEqual([6, 3, 1, 32, 32]);
    decoder.eval();
    const start = decoder.apply(Z);
    expect(line.select(1, 0).sub(start).abs().max().item()).toBeLessThan(1e-5);
    expect(
      line
        .select(1, 2)
        .sub(start.flip([0]))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-5);
    encoder.dispose();
    decoder.dispose();
  });
});

test("a class's model has its mean, its components by variance, and samples like it", () => {
  scope(() => {
    const g = random(5).normal([4000, 2], { dtype: "float64" });
    const F = g
      .mul(tensor([0.1, 0.02], { dtype: "float64" }))
      .matmul(
        tensor(
          [
            [0, 1, 0],
            [0, 0, 1],
          ],
          { dtype: "float64" },
        ),
      )
      .add(tensor([1, 0, 0], { dtype: "float64" }));
    const model = classModel(F, 2);
    expect(model.components.abs().numbers()[1]).toBeCloseTo(1, 2); // first along axis 2
    expect(model.variances.select(0, 0).item()).toBeCloseTo(0.01, 3);
    expect(spectrum(F).select(0, 0).item()).toBeCloseTo(0.1 * Math.sqrt(4000), 0);
    const drawn = sampleClass(model, random(6).normal([4000, 2], { dtype: "float64" }));
    for (const norm of drawn.norm(-1).narrow(0, 0, 5).numbers()) expect(norm).toBeCloseTo(1, 6);
    expect(drawn.select(1, 1).std().item()).toBeCloseTo(0.1, 2);
    expect(() => classModel(F.narrow(0, 0, 2), 2)).toThrow("1 to 1 components of 2 features");
  });
});

test("similarities are absolute cosines sorted by class", () => {
  scope(() => {
    const Z = tensor([
      [0, 1],
      [1, 0],
      [0, -1],
    ]);
    const labels = tensor(BigInt64Array.from([1n, 0n, 1n]));
    const { values, ends } = similarity(Z, Z, labels, 2);
    expect(values.toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 1],
      [0, 1, 1],
    ]);
    expect(ends).toEqual([1, 3]);
  });
});

test.each([500, 60])(
  "statistics over %i images make evaluation what training is on them, and leave the weights alone",
  async (count) => {
    const nets = createModel("ctrl_mnist", { channels: 3, features: 16, width: 8 }, random(0));
    const source = imageSource(syntheticSet({ split: "train", count, size: 32 }));
    const weights = () => nets.encoder.parameters().map((p) => p.numbers());
    const before = weights();
    await measureStatistics(nets, source, { imageSize: 32 });
    expect(weights()).toEqual(before);
    for await (const { images } of batches(source, {
      batchSize: count,
      imageSize: 32,
      normalise: SYMMETRIC(3),
    }))
      scope(() => {
        const trained = noGrad(() => nets.decoder.train().apply(nets.encoder.train().apply(images)));
        const evaluated = transcribe(nets, images);
        expect(trained.sub(evaluated).abs().max().item()).toBeLessThan(1e-3); // unbiased variance against biased
      });
    nets.encoder.dispose();
    nets.decoder.dispose();
  },
);
