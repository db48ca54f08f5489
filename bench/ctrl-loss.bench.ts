/**
 * @file How fast is the closed loop's loss with its gradient, against the authors' two ways of writing it in eager PyTorch,
 * with log-determinants and autograd.
 */

import { multiObjective } from "../src/rate/index.ts";
import { gradients, keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  n: number;
  d: number;
  classes: number;
}

export function own({ n, d, classes }: Size): (iterations: number) => void {
  const unit = (name: string) => {
    const Z = random(0).at(name).normal([n, d]);
    return keep(Z.div(Z.norm(-1, true)));
  };
  const [Z, Zhat, labels] = scope(() => [
    unit("Z").setRequiresGrad(),
    unit("Zhat").setRequiresGrad(),
    keep(random(0).at("labels").integers([n], 0, classes)),
  ]);
  return (iterations) => {
    for (let i = 0; i < iterations; i++)
      scope(() => {
        const { objective } = multiObjective(Z!, Zhat!, labels!, { epsilon: Math.SQRT1_2, classes });
        gradients(objective, [Z!, Zhat!]);
      });
  };
}

export const bench: Bench = {
  name: "ctrl-loss",
  about: "loss of the closed loop and gradient, against logdet and autograd",
  peer: "torch",
  async run({ quick, threads, say }) {
    const [n, d, classes] = quick ? [60, 16, 3] : [2048, 128, 10];
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 9, iterations: 15, warmup: 10 };
    say("ctrl-loss");
    const size = { n, d, classes };
    const forms = ["short", "long"] as const;
    const sides = await Promise.all([
      Side.ours("ctrl-loss", size, threads),
      ...forms.map((form) => Side.peer("ctrl-loss", { form, ...size }, threads)),
    ]);
    const [ours, ...peers] = await interleave(sides, plan);
    await Promise.all(sides.map((side) => side.close()));
    return peers.map((peer, i) => ({
      question: "ctrl-loss",
      what: `CTRL multi loss and gradient, n = ${n}, d = ${d}, K = ${classes}, against the authors' ${forms[i]} form`,
      unit: "losses/s",
      ...compare(ours!, peer, (seconds) => 1 / seconds),
      goal: { of: "ratio", at: "least", value: [7, 13][i]! },
    }));
  },
};
