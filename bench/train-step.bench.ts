/**
 * @file How fast is a training step (forward, loss, gradients, AdamW), how much memory does it take, and how near does
 * it come to what the cores can multiply: CRATE-Tiny/16 at 224 pixels, and the model of the demo.
 */

import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { createModel } from "../src/model/index.ts";
import { random } from "../src/tensor/index.ts";
import { type CrateSizes, stepFlops } from "./flops.ts";
import type { Bench } from "./harness.ts";
import { matmulPeaks } from "./matmul.bench.ts";
import { type StepCase, type StepSetting, stepRows, steps } from "./steps.ts";

interface Setting extends StepSetting<CrateSizes> {
  optimizer: "adamw" | "lion";
}

const SMOOTHING = 0.1;

export function own({ model, batch, precision, optimizer, device }: Setting): (iterations: number) => void {
  const module = createModel("crate", model, random(0));
  const images = random(1).normal([batch, model.channels, model.imageSize, model.imageSize], { device });
  const labels = random(2).integers([batch], 0, model.classes, { device });
  const lossOf = () => crossEntropy(module.apply(images), labels, SMOOTHING);
  return steps(module, { precision, device }, lossOf, optimizer);
}

const TINY: CrateSizes = {
  imageSize: 224,
  patch: 16,
  channels: 3,
  classes: 1000,
  dim: 384,
  depth: 12,
  heads: 6,
  headDim: 64,
};
/** recipes/digits.yaml */
const DIGITS: CrateSizes = {
  imageSize: 28,
  patch: 4,
  channels: 1,
  classes: 10,
  dim: 64,
  depth: 4,
  heads: 4,
  headDim: 16,
};
const SMALLEST: CrateSizes = { ...DIGITS, imageSize: 8, dim: 8, depth: 1, heads: 2, headDim: 4 };

/** Python's spelling. */
function peerModel({ imageSize: image_size, headDim: head_dim, ...rest }: CrateSizes) {
  return { image_size, head_dim, ...rest };
}

function stepCase(
  what: string,
  model: CrateSizes,
  batch: number,
  rest: Pick<StepCase, "precisions" | "plan" | "goals" | "work">,
): StepCase {
  return {
    ...{ question: "train-step", what: `${what}, batch ${batch},`, unit: "images/s", perStep: batch },
    ...{ setting: { model, batch, optimizer: "adamw" }, peerSetting: { model: peerModel(model), batch } },
    ...rest,
  };
}

export const bench: Bench = {
  name: "train-step",
  about: "a training step of CRATE-Tiny/16 and of the demo's model, against PyTorch, eager and compiled",
  peer: "torch",
  async run(context) {
    if (context.quick) {
      const plan = { rounds: 2, iterations: 1, warmup: 1 };
      return stepRows(stepCase("smallest", SMALLEST, 2, { precisions: ["fp32", "bf16"], plan }), context);
    }
    const peaks = await matmulPeaks(context);
    const tiny = stepCase("CRATE-Tiny/16", TINY, 32, {
      precisions: ["fp32", "bf16"],
      plan: { rounds: 5, iterations: 1, warmup: 1 },
      goals: { fp32: { fastest: 1.4, coded: 2 }, bf16: { fastest: 1.4, coded: 1.5 } },
      work: { flops: stepFlops(TINY, 32), peaks, shares: { fp32: 60, bf16: 55 } },
    });
    const digits = stepCase("demo's model", DIGITS, 64, {
      precisions: ["fp32"],
      plan: { rounds: 9, iterations: 20, warmup: 20 },
      goals: { fp32: { fastest: 2 } },
      work: { flops: stepFlops(DIGITS, 64), peaks, shares: {} },
    });
    return [...(await stepRows(tiny, context)), ...(await stepRows(digits, context))];
  },
};
