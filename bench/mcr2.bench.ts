/**
 * @file How fast is the MCR² loss with its gradient, against the authors' way on the same libtorch: memberships as dense
 * n × n diagonals, and autograd through `logdet`.
 */

import { mcr2Loss } from "../src/rate/index.ts";
import { aten, eye, gradients, keep, random, scope, type Tensor, zeros } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  form: "classes" | "dense";
  n: number;
  d: number;
  classes: number;
}

const EPS_SQ = 0.5;

/** −ΔR of W [d, n] with memberships Π [K, n, n]. */
function dense(W: Tensor, Pi: Tensor): Tensor {
  const [d, n] = W.shape as [number, number];
  const I = eye(d);
  let compression = zeros([]);
  for (let k = 0; k < Pi.size(0); k++) {
    const count = aten("trace", Pi.select(0, k)).add(1e-8);
    const G = W.matmul(Pi.select(0, k))
      .matmul(W.T)
      .mul(count.reciprocal().mul(d / EPS_SQ));
    compression = compression.add(
      aten("logdet", I.add(G))
        .mul(count)
        .div(2 * n),
    );
  }
  return compression.sub(aten("logdet", I.add(W.matmul(W.T).mul(d / (n * EPS_SQ)))).div(2));
}

export function own({ form, n, d, classes }: Size): (iterations: number) => void {
  const [Z, labels, Pi] = scope(() => {
    const draws = random(0).normal([n, d]);
    const labels = random(1).integers([n], 0, classes);
    const oneHot = aten("one_hot", labels, classes).to("float32").T.contiguous();
    return [keep(draws.div(draws.norm([1], true))), keep(labels), keep(aten("diag_embed", oneHot))];
  });
  Z!.setRequiresGrad();
  const loss = () =>
    form === "dense" ? dense(Z!.T, Pi!) : mcr2Loss(Z!, labels!, classes, { epsilon: Math.SQRT1_2 }).loss;
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(() => void gradients(loss(), [Z!]));
  };
}

export const bench: Bench = {
  name: "mcr2",
  about: "MCR² loss and gradient, against dense memberships",
  peer: false,
  async run({ quick, threads, say }) {
    const [n, d, classes] = quick ? [60, 16, 3] : [1000, 128, 10];
    say("mcr2");
    const sides = await Promise.all(
      (["classes", "dense"] as const).map((form) => Side.ours("mcr2", { form, n, d, classes }, threads)),
    );
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 21, iterations: 5, warmup: 1 };
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    await Promise.all(sides.map((side) => side.close()));
    return [
      {
        question: "mcr2",
        what: `MCR² loss and gradient, n = ${n}, d = ${d}, K = ${classes}`,
        unit: "losses/s",
        ...compare(ours, peer, (seconds) => 1 / seconds),
        goal: { of: "ratio", at: "least", value: 50 },
      },
    ];
  },
};
