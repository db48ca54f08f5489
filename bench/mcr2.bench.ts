/**
 * @file How fast is the MCR² loss with its gradient, against the authors' way in eager PyTorch: memberships as dense n × n
 * diagonals, and autograd through `logdet`.
 */

import { mcr2Loss } from "../src/rate/index.ts";
import { gradients, keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  n: number;
  d: number;
  classes: number;
}

export function own({ n, d, classes }: Size): (iterations: number) => void {
  const [Z, labels] = scope(() => {
    const draws = random(0).normal([n, d]);
    return [keep(draws.div(draws.norm([1], true))), keep(random(1).integers([n], 0, classes))];
  });
  Z!.setRequiresGrad();
  return (iterations) => {
    for (let i = 0; i < iterations; i++)
      scope(() => void gradients(mcr2Loss(Z!, labels!, classes, { epsilon: Math.SQRT1_2 }).loss, [Z!]));
  };
}

export const bench: Bench = {
  name: "mcr2",
  about: "MCR² loss and gradient, against dense memberships",
  peer: "torch",
  async run({ quick, threads, say }) {
    const [n, d, classes] = quick ? [60, 16, 3] : [1000, 128, 10];
    say("mcr2");
    const size = { n, d, classes };
    const sides = await Promise.all([Side.ours("mcr2", size, threads), Side.peer("mcr2", size, threads)]);
    // rounds long enough that a thread that sleeps when a round begins does not count
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 9, iterations: 40, warmup: 20 };
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    await Promise.all(sides.map((side) => side.close()));
    return [
      {
        question: "mcr2",
        what: `MCR² loss and gradient, n = ${n}, d = ${d}, K = ${classes}`,
        unit: "losses/s",
        ...compare(ours, peer, (seconds) => 1 / seconds),
        goal: { of: "ratio", at: "least", value: 30 },
      },
    ];
  },
};
