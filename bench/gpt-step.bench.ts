/** @file How fast is a step of CRATE-GPT, 6 layers of 384 with blocks of 256: forward, loss, gradients, AdamW. */

import { answer, nextTokens } from "../src/method/language/objective.ts";
import { createModel } from "../src/model/index.ts";
import { keep, random } from "../src/tensor/index.ts";
import type { Bench } from "./harness.ts";
import { type StepSetting, stepRows, steps } from "./steps.ts";

interface Sizes {
  vocabulary: number;
  context: number;
  dim: number;
  depth: number;
  heads: number;
}

export function own({ model, batch, precision, device }: StepSetting<Sizes>) {
  const gpt = createModel("crate_gpt", model, random(0));
  const rows = keep(random(1).integers([batch, model.context + 1], 0, model.vocabulary, { device }));
  return steps(gpt, { precision, device }, () => {
    const { loss, asked } = answer(gpt, nextTokens(rows));
    return loss.div(asked);
  });
}

/** The characters of Tiny Shakespeare are 65. */
const SIZE: Sizes = { vocabulary: 65, context: 256, dim: 384, depth: 6, heads: 6 };
const SMALLEST: Sizes = { vocabulary: 11, context: 8, dim: 16, depth: 1, heads: 2 };

export const bench: Bench = {
  name: "gpt-step",
  about: "a step of CRATE-GPT, 6 × 384, blocks of 256, against PyTorch, eager and compiled",
  peer: "torch",
  run(context) {
    const [model, batch] = context.quick ? [SMALLEST, 2] : [SIZE, 16];
    const plan = context.quick
      ? { rounds: 2, iterations: 1, warmup: 1 }
      : { rounds: 5, iterations: 1, warmup: 1 };
    return stepRows(
      {
        question: "gpt-step",
        what: `CRATE-GPT ${model.depth} × ${model.dim}, context ${model.context}, batch ${batch},`,
        ...{ unit: "tokens/s", perStep: batch * model.context, plan, precisions: ["fp32", "bf16"] },
        ...{ setting: { model, batch }, peerSetting: { model, batch } },
        ...(!context.quick && { goals: { fp32: { fastest: 1.4 }, bf16: { fastest: 1.3 } } }),
      },
      context,
    );
  },
};
