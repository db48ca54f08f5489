/** @file How fast is a step of masked autoencoding: CRATE-MAE-Small/16 at 224 pixels, forward, loss, gradients, AdamW. */

import { createModel, maskedError, maskedTarget, randomMask } from "../src/model/index.ts";
import { random } from "../src/tensor/index.ts";
import type { Bench } from "./harness.ts";
import { type StepSetting, stepRows, steps } from "./steps.ts";

interface Sizes {
  imageSize: number;
  patch: number;
  channels: number;
  dim: number;
  depth: number;
  heads: number;
  headDim: number;
}

export function own({ model, batch, precision, device }: StepSetting<Sizes>) {
  const { imageSize, patch, channels } = model;
  const mae = createModel("crate_mae", model, random(0));
  const images = random(1).normal([batch, channels, imageSize, imageSize], { device });
  const noise = random(2);
  return steps(mae, { precision, device }, () => {
    const mask = randomMask(noise.uniform([batch, (imageSize / patch) ** 2], 0, 1, { device }), 0.75);
    return maskedError(mae.apply(images, mask), maskedTarget(images, patch), mask);
  });
}

const SMALL: Sizes = { imageSize: 224, patch: 16, channels: 3, dim: 576, depth: 12, heads: 12, headDim: 48 };
const SMALLEST: Sizes = { imageSize: 16, patch: 4, channels: 3, dim: 16, depth: 1, heads: 2, headDim: 8 };

export const bench: Bench = {
  name: "mae-step",
  about: "a step of CRATE-MAE-Small/16 at 224 pixels, against PyTorch, eager and compiled",
  peer: "torch",
  run(context) {
    const [model, batch] = context.quick ? [SMALLEST, 2] : [SMALL, 16];
    const { imageSize: image_size, headDim: head_dim, ...rest } = model;
    const plan = context.quick
      ? { rounds: 2, iterations: 1, warmup: 1 }
      : { rounds: 5, iterations: 1, warmup: 1 };
    return stepRows(
      {
        question: "mae-step",
        what: `CRATE-MAE ${model.dim} × ${model.depth}, ${model.imageSize} px, batch ${batch},`,
        ...{
          unit: "images/s",
          perStep: batch,
          plan,
          setting: { model, batch },
          precisions: ["fp32", "bf16"],
        },
        peerSetting: { model: { image_size, head_dim, ...rest }, batch },
        ...(!context.quick && { goals: { fp32: { fastest: 1.3 }, bf16: { fastest: 1.2 } } }),
      },
      context,
    );
  },
};
