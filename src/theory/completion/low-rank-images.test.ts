import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { aten, type Tensor } from "../../tensor/index.ts";
import { fillIn, learnedMae, lowRankImages } from "./low-rank-images.ts";

test("images of the family have the rank they should, with pixels of variance about 1", () => {
  forAll({ n: [6, 12], rank: [1, 3], waves: [3, 5] }, 10, ({ n, rank, waves }, random) => {
    const X = lowRankImages(random, 64, { n, patch: 2, rank, waves });
    const sigma = aten<Tensor>("linalg_svdvals", X.squeeze(1).to("float64"));
    const beyond = sigma.select(-1, rank).div(sigma.select(-1, 0)).max().item();
    expect(beyond).toBeLessThan(1e-6);
    const variance = X.square().mean().item();
    expect(variance).toBeGreaterThan(0.3);
    expect(variance).toBeLessThan(3);
  });
});

test("the nuclear norm completes rank 1 with most patches known; a net that learned nothing does not", () => {
  forAll({}, 3, (_, random) => {
    const family = { n: 12, patch: 2, rank: 1, waves: 2 };
    using mae = learnedMae(random.at("learn"), family, { steps: 1, batchSize: 2, lr: 1e-3 });
    const found = fillIn(random.at("test"), mae, family, { share: 0.9, images: 16 });
    expect(found.success).toBeGreaterThan(0.7);
    expect(found.nuclearNorm).toBeLessThan(0.3);
    expect(found.learned).toBeGreaterThan(0.5);
  });
});
