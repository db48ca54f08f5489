/**
 * @file How fast is the coding rate with its gradient, against log-determinant and autograd of the d × d matrix. The
 * authors' estimator takes the n × n one; at n = 2048 libtorch 2.13 refuses its own factors of it in the backward pass.
 */

import { codingRate } from "../src/rate/index.ts";
import { gradients, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  batch: number;
  n: number;
  d: number;
}

export function own({ batch, n, d }: Size): (iterations: number) => void {
  const Z = random(0).normal([batch, n, d]).setRequiresGrad();
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(() => gradients(codingRate(Z, { epsilon: 0.5 }).sum(), [Z]));
  };
}

export const bench: Bench = {
  name: "coding-rate",
  about: "vitrine::coding_rate forward and backward, against logdet and autograd",
  peer: "torch",
  async run({ quick, threads, say }) {
    const [batch, n, d] = quick ? [2, 64, 16] : [32, 2048, 128];
    const size: Size = { batch, n, d };
    say("coding-rate");
    const sides = await Promise.all([
      Side.ours("coding-rate", size, threads),
      Side.peer("coding-rate", size, threads),
    ]);
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 21, iterations: 5, warmup: 1 };
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    await Promise.all(sides.map((side) => side.close()));
    return [
      {
        question: "coding-rate",
        what: `R of ${batch} × [${n}, ${d}], the peer's logdet ${d} × ${d}`,
        unit: "rates/s",
        ...compare(ours, peer, (seconds) => batch / seconds),
        goal: { of: "ratio", at: "least", value: 5 },
      },
    ];
  },
};
