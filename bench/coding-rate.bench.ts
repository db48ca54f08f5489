/**
 * @file How fast is the coding rate with its gradient, against log-determinant and autograd of the d × d matrix. The
 * authors' estimator takes the n × n one; at n = 2048 libtorch 2.13 refuses its own factors of it in the backward pass.
 */

import { codingRate } from "../src/rate/index.ts";
import { gradients, keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  batch: number;
  n: number;
  d: number;
  /** "alike": tokens of length 1000 in 8 directions, which single precision cannot factor; the rate is taken in double. */
  tokens?: "normal" | "alike";
}

export function own({ batch, n, d, tokens }: Size): (iterations: number) => void {
  const at = random(0);
  const Z = scope(() => {
    if (tokens !== "alike") return keep(at.normal([batch, n, d]));
    const rank = 8;
    const X = at
      .at("X")
      .normal([batch, n, rank])
      .matmul(at.at("U").normal([rank, d]));
    return keep(X.mul(1000 / Math.sqrt(rank * d)));
  }).setRequiresGrad();
  return (iterations) => {
    for (let i = 0; i < iterations; i++)
      scope(() => void gradients(codingRate(Z, { epsilon: 0.5 }).sum(), [Z]));
  };
}

export const bench: Bench = {
  name: "coding-rate",
  about: "vitrine::coding_rate forward and backward, against logdet and autograd",
  peer: "torch",
  async run({ quick, threads, say }) {
    const [batch, n, d] = quick ? [2, 64, 16] : [32, 2048, 128];
    say("coding-rate");
    const sides = await Promise.all([
      Side.ours("coding-rate", { batch, n, d }, threads),
      Side.ours("coding-rate", { batch, n, d, tokens: "alike" }, threads),
      Side.peer("coding-rate", { batch, n, d }, threads),
    ]);
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 21, iterations: 5, warmup: 1 };
    const [normal, alike, peer] = (await interleave(sides, plan)) as [number[], number[], number[]];
    await Promise.all(sides.map((side) => side.close()));
    const row = (what: string, ours: number[]) => ({
      question: "coding-rate",
      what: `R of ${batch} × [${n}, ${d}], ${what}the peer's logdet ${d} × ${d}`,
      unit: "rates/s",
      ...compare(ours, peer, (seconds) => batch / seconds),
    });
    return [
      { ...row("", normal), goal: { of: "ratio", at: "least", value: 5 } },
      row("tokens alike, in double; ", alike),
    ];
  },
};
