/**
 * @file How fast is the closed loop's loss with its gradient, against the authors' two ways of writing it, with
 * log-determinants and autograd of the same libtorch.
 */

import { multiObjective } from "../src/rate/index.ts";
import { arange, aten, cat, eye, gradients, keep, random, scope, type Tensor } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  form: keyof typeof FORMS;
  n: number;
  d: number;
  classes: number;
}

interface Inputs {
  Z: Tensor;
  Zhat: Tensor;
  labels: Tensor;
}

const EPS_SQ = 0.5;

/** log det(I + α Z Zᵀ) as the authors write it, one sample per column: features scaled, then multiplied. */
const logdet = (Z: Tensor, alpha: Tensor | number): Tensor =>
  aten<Tensor>("logdet", eye(Z.size(0)).add(Z.mul(alpha).matmul(Z.T)));

/** ΔR(Z) and log det of every class, whose columns are picked by a mask: Z [n, d]. */
function logdets(Z: Tensor, labels: Tensor, classes: number) {
  const [n, d] = [Z.size(0), Z.size(1)];
  const whole = logdet(Z.T, d / (n * EPS_SQ)).div(2);
  const Pi = aten<Tensor>("one_hot", labels, classes).to("bool");
  const parts = Array.from({ length: classes }, (_, k) => {
    const mask = Pi.select(1, k);
    const columns = Z.T.index([null, mask]); //                                 [d, n_k]
    const count = mask.sum().add(1e-8);
    return { columns, count, value: logdet(columns, count.mul(EPS_SQ).reciprocal().mul(d)) };
  });
  const sum = parts.map(({ value, count }) => value.mul(count.div(2 * n))).reduce((a, b) => a.add(b));
  whole.item(); // the authors' code returns both parts as numbers
  sum.item();
  return { reduction: whole.sub(sum), parts };
}

/** The authors' fast form: 2(K + 1) log-determinants, and K for the pairs. */
function short({ Z, Zhat, labels }: Inputs, classes: number): Tensor {
  const [a, b] = [logdets(Z, labels, classes), logdets(Zhat, labels, classes)];
  const pairs = a.parts.map((part, k) => {
    const both = cat([part.columns, b.parts[k]!.columns], 1);
    const whole = logdet(both, both.size(0) / (both.size(1) * EPS_SQ)).div(2);
    return whole.sub(part.value.div(4)).sub(b.parts[k]!.value.div(4));
  });
  return [a.reduction, b.reduction, ...pairs].reduce((x, y) => x.add(y));
}

/** The authors' older form: every pair is a two-class rate reduction of its own, 5K + 2 log-determinants. */
function long({ Z, Zhat, labels }: Inputs, classes: number): Tensor {
  const whole = [Z, Zhat].map((features) => logdets(features, labels, classes).reduction);
  const pairs = Array.from({ length: classes }, (_, k) => {
    const [A, B] = [Z.index([labels.eq(k)]), Zhat.index([labels.eq(k)])];
    const sides = arange(2 * A.size(0))
      .ge(A.size(0))
      .to("int64");
    return logdets(cat([A, B]), sides, 2).reduction;
  });
  return [...whole, ...pairs].reduce((x, y) => x.add(y));
}

const FORMS = {
  /** 2K Grams, one batch of 3K + 2 factorisations. */
  ours: ({ Z, Zhat, labels }: Inputs, classes: number) =>
    multiObjective(Z, Zhat, labels, { epsilon: Math.SQRT1_2, classes }).objective,
  short,
  long,
};

export function own({ form, n, d, classes }: Size): (iterations: number) => void {
  const unit = (name: string) => {
    const Z = random(0).at(name).normal([n, d]);
    return keep(Z.div(Z.norm(-1, true)));
  };
  const given = scope(() => ({
    Z: unit("Z"),
    Zhat: unit("Zhat"),
    labels: keep(random(0).at("labels").integers([n], 0, classes)),
  }));
  const leaves = [given.Z, given.Zhat].map((leaf) => leaf.setRequiresGrad());
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(() => void gradients(FORMS[form](given, classes), leaves));
  };
}

export const bench: Bench = {
  name: "ctrl-loss",
  about: "loss of the closed loop and gradient, against logdet and autograd",
  peer: false,
  async run({ quick, threads, say }) {
    const [n, d, classes] = quick ? [60, 16, 3] : [2048, 128, 10];
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 15, iterations: 3, warmup: 1 };
    say("ctrl-loss");
    const forms = ["ours", "short", "long"] as const;
    const sides = await Promise.all(
      forms.map((form) => Side.ours("ctrl-loss", { form, n, d, classes }, threads)),
    );
    const [ours, ...peers] = await interleave(sides, plan);
    await Promise.all(sides.map((side) => side.close()));
    return peers.map((peer, i) => ({
      question: "ctrl-loss",
      what: `CTRL multi loss and gradient, n = ${n}, d = ${d}, K = ${classes}, against the authors' ${forms[i + 1]} form`,
      unit: "losses/s",
      ...compare(ours!, peer, (seconds) => 1 / seconds),
    }));
  },
};
