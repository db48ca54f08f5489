/**
 * @file CRATE on a batch of images: logits, and the sizes of the published models.
 *
 * Promised: CRATE-Tiny has 6,090,856 parameters, as the authors' class; ten logits for each of four images.
 */

import { createModel, noGrad, parameterCount, random, scope } from "../src/index.ts";

const tiny = parameterCount("crate_tiny", { imageSize: 224, patch: 16, classes: 1000 });
console.log(`crate_tiny at 224 px, patch 16, 1000 classes: ${tiny.toLocaleString("en")} parameters`);

const options = { dim: 64, depth: 4, heads: 4, imageSize: 28, patch: 4, channels: 1, classes: 10 };
using model = createModel("crate", options, random(3).at("model"));
console.log(`crate of dim 64, depth 4: ${model.parameterCount().toLocaleString("en")} parameters`);

noGrad(() =>
  scope(() => {
    const images = random(3).at("images").uniform([4, 1, 28, 28]); //           [b, c, H, W]
    const logits = model.apply(images); //                                      [b, classes]
    console.log(`logits: [${logits.shape.join(", ")}]`);
  }),
);
