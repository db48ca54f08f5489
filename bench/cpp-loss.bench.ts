/**
 * @file How fast is CPP's loss with its gradient, and how much memory does it take, against the form in which all n
 * weighted Gram matrices stand side by side and everything is autograd's.
 */

import { membership, mlcLoss } from "../src/rate/index.ts";
import { gradients, keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { type Memory, Side } from "./side.ts";

interface Size {
  n: number;
  d: number;
}

export function own({ n, d }: Size): (iterations: number) => void {
  const unit = (name: string) =>
    scope(() => {
      const X = random(0).at(name).normal([n, d]);
      return keep(X.div(X.norm(-1, true))).setRequiresGrad();
    });
  const [Z, C] = [unit("Z"), unit("C")];
  return (iterations) => {
    for (let i = 0; i < iterations; i++)
      scope(() =>
        gradients(mlcLoss(Z, membership(C, { temperature: 0.175 }), { epsilon: Math.sqrt(0.1) }).loss, [
          Z,
          C,
        ]),
      );
  };
}

/** What the loss takes beyond what the process had before it, MiB. */
const grown = (before: Memory, after: Memory): number => (after.peak - before.resident) / 2 ** 20;

export const bench: Bench = {
  name: "cpp-loss",
  about: "CPP's loss and gradient, time and memory, against all Gram matrices at once and autograd",
  peer: "torch",
  async run({ quick, threads, say }) {
    const [n, d] = quick ? [96, 24] : [1024, 128];
    say("cpp-loss");
    const sides = await Promise.all([
      Side.ours("cpp-loss", { n, d }, threads),
      Side.peer("cpp-loss", { n, d }, threads),
    ]);
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 9, iterations: 1, warmup: 1 };
    const before = await Promise.all(sides.map((side) => side.memory()));
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    const after = await Promise.all(sides.map((side) => side.memory()));
    await Promise.all(sides.map((side) => side.close()));
    const [own, theirs] = before.map((memory, i) => [grown(memory, after[i]!)]) as [number[], number[]];
    const question = "cpp-loss";
    return [
      {
        question,
        what: `CPP loss and gradient, n = ${n}, z = ${d}`,
        unit: "losses/s",
        ...compare(ours, peer, (seconds) => 1 / seconds),
        goal: { of: "ratio", at: "least", value: 2 },
      },
      {
        question,
        what: `memory of the same, at its peak`,
        unit: "MiB",
        ...compare(own, theirs, (mebibytes) => mebibytes),
        goal: { of: "ratio", at: "most", value: 0.25 },
      },
    ];
  },
};
