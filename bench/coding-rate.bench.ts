/** @file How fast is the coding rate with its gradient, against log-determinant and autograd. */

import { codingRate } from "../src/rate/index.ts";
import { gradients, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  batch: number;
  n: number;
  d: number;
  /** The peer's matrix: d × d of the features, or n × n of the tokens as in the authors' estimator. */
  form: "features" | "tokens";
}

export function own({ batch, n, d }: Size): (iterations: number) => void {
  const Z = random(0).normal([batch, n, d]).setRequiresGrad();
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(() => gradients(codingRate(Z).sum(), [Z]));
  };
}

export const bench: Bench = {
  name: "coding-rate",
  about: "vitrine::coding_rate forward and backward, against logdet and autograd",
  peer: true,
  async run({ quick, threads, say }) {
    const [batch, n, d] = quick ? [2, 64, 16] : [32, 2048, 128];
    const rows = [];
    for (const form of ["features", "tokens"] as const) {
      say(`coding-rate: ${form}`);
      const size: Size = { batch, n, d, form };
      const sides = await Promise.all([
        Side.ours("coding-rate", size, threads),
        Side.peer("coding-rate", size, threads),
      ]);
      const full = form === "features" ? { rounds: 21, iterations: 5 } : { rounds: 3, iterations: 1 };
      const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { ...full, warmup: 1 };
      const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
      await Promise.all(sides.map((side) => side.close()));
      const matrix = form === "features" ? `${d} × ${d}` : `${n} × ${n}`;
      rows.push({
        question: "coding-rate",
        what: `R of ${batch} × [${n}, ${d}], the peer's logdet ${matrix}`,
        unit: "rates/s",
        ...compare(ours, peer, (seconds) => batch / seconds),
        ...(form === "features" && { goal: { of: "ratio", at: "least", value: 5 } as const }),
      });
    }
    return rows;
  },
};
