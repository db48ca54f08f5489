/** @file Rates of rows on several processes against those of one, for `across.test.ts`. */

import { BatchNorm, synchronise } from "../src/nn/index.ts";
import {
  binaryObjective,
  codingRate,
  featureObjective,
  incrementalDecoderObjective,
  incrementalEncoderObjective,
  mcr2Loss,
  meanTcrLoss,
  membership,
  mlcLoss,
  multiObjective,
  nmceLoss,
  type RateOptions,
  rateAgainstMemberships,
  rateReduction,
  tcrLoss,
} from "../src/rate/index.ts";
import {
  type Group,
  gradients,
  memory,
  noGrad,
  random,
  scope,
  type Tensor,
  tensor,
} from "../src/tensor/index.ts";

/** Numbers that all rows give: the inputs of n rows, and a loss of such inputs with the options of a group. */
interface Case {
  inputs: (n: number) => Tensor[];
  loss: (inputs: readonly Tensor[], labels: Tensor, options: RateOptions) => Tensor;
  /** Numbers in the results of the step's collectives, forwards and backwards, beside the counts of rows. */
  floats: (n: number, shares: { own: number; most: number; P: number }) => number;
}

const K = 3;
const [d, wide] = [6, 100];
const triangle = (size: number): number => (size * (size + 1)) / 2;
const options = { epsilon: 0.7 };
const both = { epsilon: 0.7, classes: K };

/** Features of unit length, and others in rows that add up to 1; drawn for all rows. */
const features = (n: number, name: string, size = d): Tensor => {
  const Z = random(3).at(name).normal([n, size], { dtype: "float64" });
  return Z.div(Z.norm(-1, true));
};
const memberships = (n: number, name: string): Tensor =>
  random(3).at(name).normal([n, K], { dtype: "float64" }).softmax(-1);

const one = (n: number) => [features(n, "Z")];
const two = (n: number) => [features(n, "Z"), features(n, "Zhat")];
const three = (n: number) => [...two(n), features(n, "again")];
const wideOne = (n: number) => [features(n, "Z", wide)];

export const CASES: Readonly<Record<string, Case>> = {
  "R(Z)": {
    inputs: one,
    loss: ([Z], _, more) => codingRate(Z!, { ...options, ...more }),
    floats: () => triangle(d),
  },
  "R(Z), n < d": {
    inputs: wideOne,
    loss: ([Z], _, more) => codingRate(Z!, { ...options, ...more }),
    floats: (n) => n * wide,
  },
  "MCR²": {
    inputs: one,
    loss: ([Z], labels, more) =>
      mcr2Loss(Z!, labels, K, { ...options, gamma1: 1.5, gamma2: 0.5, ...more }).loss,
    floats: () => K * triangle(d) + K / 2, // counts of classes in single precision
  },
  "MCR², K d > 2 n": {
    inputs: wideOne,
    loss: ([Z], labels, more) =>
      mcr2Loss(Z!, labels, K, { ...options, gamma1: 1.5, gamma2: 0.5, ...more }).loss,
    floats: (n) => n * wide + n,
  },
  "Rᶜ(Z | Π)": {
    inputs: (n) => [features(n, "Z"), memberships(n, "Pi")],
    loss: ([Z, Pi], _, more) => rateAgainstMemberships(Z!, Pi!, { ...options, ...more }),
    floats: () => K * triangle(d) + K,
  },
  "ΔR(Z | Π)": {
    inputs: (n) => [features(n, "Z"), memberships(n, "Pi")],
    loss: ([Z, Pi], _, more) => rateReduction(Z!, Pi!, { ...options, ...more }),
    floats: () => (K + 1) * triangle(d) + K,
  },
  TCR: {
    inputs: two,
    loss: ([Z, other], _, more) => tcrLoss(Z!, other!, { ...options, alignment: 3, ...more }).loss,
    floats: () => 2 * triangle(d) + 1,
  },
  "TCR of the mean": {
    inputs: two,
    loss: ([Z, other], _, more) => meanTcrLoss(Z!, other!, { ...options, alignment: 0.1, ...more }).loss,
    floats: () => triangle(d) + 2,
  },
  NMCE: {
    inputs: (n) => [...two(n), memberships(n, "Pi"), memberships(n, "other")],
    loss: ([Z, other, Pi, again], _, more) =>
      nmceLoss([Z!, other!], [Pi!, again!], { ...options, ...more }).loss,
    floats: () => (K + 1) * triangle(d) + K,
  },
  "MLC and CPP": {
    inputs: (n) => [features(n, "Z"), features(n, "C")],
    loss: ([Z, C], _, more) => {
      const Pi = membership(C!, { temperature: 0.2, ...more });
      return mlcLoss(Z!, Pi, { ...options, ...more }).loss;
    },
    // C and its gradient, two column steps, R, Z, Π there and back, a flag, sums, dZ
    floats: (n, { own, most, P }) =>
      2 * n * d + 4 * n + triangle(d) + n * d + 2 * n * own + P + 2 + P * most * d,
  },
  "CTRL, binary": {
    inputs: two,
    loss: ([Z, Zhat], _, more) => binaryObjective(Z!, Zhat!, { ...options, ...more }).objective,
    floats: () => 2 * triangle(d) + 2 / 2,
  },
  "CTRL, multi": {
    inputs: two,
    loss: ([Z, Zhat], labels, more) => multiObjective(Z!, Zhat!, labels, { ...both, ...more }).objective,
    floats: () => 2 * K * triangle(d) + K / 2,
  },
  "CTRL, features": {
    inputs: one,
    loss: ([Z], labels, more) => featureObjective(Z!, labels, { ...both, ...more }).objective,
    floats: () => K * triangle(d) + K / 2,
  },
  "i-CTRL, encoder": {
    inputs: two,
    loss: ([Z, Zhat], labels, more) =>
      incrementalEncoderObjective(Z!, Zhat!, labels, {
        ...both,
        fresh: [2],
        held: [0, 1],
        lambda: 2,
        ...more,
      }).objective,
    floats: () => 2 * K * triangle(d) + K / 2,
  },
  "i-CTRL, decoder": {
    inputs: three,
    loss: ([Z, Zhat, again], labels, more) =>
      incrementalDecoderObjective(Z!, Zhat!, again!, labels, {
        ...{ ...both, fresh: [2], held: [0, 1], lambda: 2, ...more },
      }).objective,
    floats: () => 3 * K * triangle(d) + K / 2,
  },
};

export interface Compared {
  /** Differences from one process: of the value, and largest of any gradient's entry. */
  value: number;
  gradient: number;
  /** Bytes of the collectives, and what they ought to be. */
  bytes: number;
  expected: number;
}

/** Every rate of rows that lie on the ranks in uneven shares. */
export function rates(group: Group): Record<string, Compared | number> {
  const found: Record<string, Compared> = {};
  for (const [name, one] of Object.entries(CASES)) found[name] = scope(() => compare(one, group));
  return { ...found, left: memory().tensors };
}

function compare({ inputs, loss, floats }: Case, group: Group): Compared {
  const { rank, size } = group;
  // more rows the higher the rank, and one class that some ranks lack
  const rows = Array.from({ length: size }, (_, r) => 5 + 2 * r);
  const n = rows.reduce((sum, count) => sum + count, 0);
  const from = rows.slice(0, rank).reduce((sum, count) => sum + count, 0);
  const all = inputs(n).map((x) => x.detach().setRequiresGrad());
  const labels = tensor(BigInt64Array.from({ length: n }, (_, i) => BigInt(i < 4 ? 0 : 1 + (i % 2))));
  const whole = loss(all, labels, options);
  const slopes = gradients(whole, all);
  const own = all.map((x) => x.detach().narrow(0, from, rows[rank]!).clone().setRequiresGrad());
  const here = labels.narrow(0, from, rows[rank]!);
  const before = group.bytes;
  const part = loss(own, here, { ...options, across: group, rows });
  const found = gradients(part, own);
  const bytes = group.bytes - before;
  const worst = found.map((x, i) =>
    x
      .sub(slopes[i]!.narrow(0, from, rows[rank]!))
      .abs()
      .max()
      .item(),
  );
  return {
    value: Math.abs(part.item() - whole.item()),
    gradient: Math.max(...worst),
    bytes,
    expected: 8 * floats(n, { own: rows[rank]!, most: Math.max(...rows), P: size }),
  };
}

/** Batch norm of samples on the ranks: output, gradients and running statistics, beside one process with all of them. */
export function norms(group: Group): Record<string, unknown> {
  const found = [[], [3, 2]].map((sides) => scope(() => normed(group, sides)));
  return { found, left: memory().tensors };
}

function normed(group: Group, sides: readonly number[]): Compared {
  const { rank, size } = group;
  const rows = Array.from({ length: size }, (_, r) => 2 + 3 * r);
  const n = rows.reduce((sum, count) => sum + count, 0);
  const from = rows.slice(0, rank).reduce((sum, count) => sum + count, 0);
  const drawn = (name: string, shape: readonly number[]) =>
    random(5).at(name).normal(shape, { dtype: "float64" });
  const X = drawn("X", [n, 4, ...sides])
    .mul(3)
    .add(7);
  const outer = drawn("outer", [n, 4, ...sides]);
  using alone = new BatchNorm(4).to("float64");
  using parted = new BatchNorm(4).to("float64");
  for (const norm of [alone, parted]) noGrad(() => void norm.w.copy_(tensor([1, -2, 0.5, 3])));
  synchronise(parted, group);
  const all = X.detach().setRequiresGrad();
  const whole = alone.apply(all);
  const slopes = gradients(whole.mul(outer).sum(), [all, alone.w, alone.b]);
  const mine = (x: Tensor) => x.detach().narrow(0, from, rows[rank]!);
  const own = mine(X).clone().setRequiresGrad();
  const before = group.bytes;
  const part = parted.apply(own);
  const [dX, ...rest] = gradients(part.mul(mine(outer)).sum(), [own, parted.w, parted.b]);
  const bytes = group.bytes - before;
  const [dw, db] = rest.map((slope) => group.allReduce(slope));
  const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
  const values = [
    apart(part.detach(), mine(whole)),
    apart(parted.mean, alone.mean),
    apart(parted.variance, alone.variance),
  ];
  const worst = [apart(dX!, mine(slopes[0]!)), apart(dw!, slopes[1]!), apart(db!, slopes[2]!)];
  const c = 4;
  return {
    value: Math.max(...values),
    gradient: Math.max(...worst),
    bytes,
    expected: 8 * (size * (2 * c + 1) + 2 * c),
  };
}
