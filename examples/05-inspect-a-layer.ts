/**
 * @file Looking inside: what one layer of CRATE does to the rate and to the sparsity of its tokens.
 *
 * A probe records any named intermediate by its path, without touching the model's code. Promised: for each layer,
 * Rᶜ as the authors' code measures it, and a share of non-zeros between 0 and 1.
 */

import { createModel, noGrad, random, record, scope } from "../src/index.ts";
import { authorsLayerRate, nonZeroShare } from "../src/rate/index.ts";

const options = { dim: 64, depth: 4, heads: 4, imageSize: 28, patch: 4, channels: 1, classes: 10 };
using model = createModel("crate", options, random(5).at("model"));

noGrad(() =>
  scope(() => {
    const images = random(5).at("images").uniform([8, 1, 28, 28]); //           [b, c, H, W]
    const paths = ["block.*.mssa.projection", "block.*"];
    const { found } = record(model, paths, () => model.apply(images));
    console.log("layer   Rᶜ     non-zero");
    for (let l = 0; l < options.depth; l++) {
      const rate = authorsLayerRate(found.get(`block.${l}.mssa.projection`)!, 0.01)
        .mean()
        .item();
      const share = nonZeroShare(found.get(`block.${l}`)!)
        .mean()
        .item();
      console.log(`${String(l + 1).padStart(5)}   ${rate.toFixed(1)}   ${share.toFixed(3)}`);
    }
    for (const tensor of found.values()) tensor.dispose();
  }),
);
