/** @file Features learned by MCR² on curves: classes orthogonal, each filling a subspace; cross-entropy leaves one direction. */

import { crossEntropy } from "../../method/index.ts";
import { classLabels } from "../../method/redunet/index.ts";
import { mcr2Loss } from "../../rate/index.ts";
import { aten, cat, gradients, keep, type Random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { createOptimizer } from "../../train/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import { type Curve, level } from "../plot.ts";
import { closedForm } from "../rates/optimal-configurations.ts";
import { normal, orthonormal, WIDE } from "../sample.ts";

const [K, COUNT, INPUT, HIDDEN, FEATURES] = [3, 60, 10, 64, 12];

/** Three closed curves of different shape in three dimensions, turned into ten, with noise: [K · COUNT, INPUT] */
function curvesData(random: Random): Tensor {
  const frame = orthonormal(normal(random.at("frame"), [INPUT, 3]));
  const parts = Array.from({ length: K }, (_, k) => {
    const t = random.at(`class.${k}`).uniform([COUNT], 0, 2 * Math.PI, WIDE);
    const rows = [
      t.cos(),
      t.mul(k + 1).sin(),
      t
        .mul(2 - k)
        .cos()
        .mul(0.5)
        .add(k - 1),
    ];
    return aten("stack", rows, 1);
  });
  const X = cat(parts).matmul(frame.T);
  return X.add(normal(random.at("noise"), X.shape).mul(0.02));
}

export interface Learned {
  /** Features on the sphere, class after class: [K · COUNT, FEATURES] */
  Z: Tensor;
  /** The loss of each step. */
  course: number[];
}

/** A network of two hidden layers, trained on all samples at once by MCR² or by cross-entropy. */
export function learn(random: Random, objective: "mcr2" | "cross-entropy", steps: number): Learned {
  return scope(() => {
    const X = curvesData(random.at("data"));
    const labels = classLabels(K, COUNT);
    const weight = (name: string, out: number, inputs: number) =>
      keep(
        normal(random.at(name), [out, inputs])
          .mul(Math.sqrt(2 / inputs))
          .setRequiresGrad(),
      );
    const parameters = new Map([
      ["1", weight("1", HIDDEN, INPUT)],
      ["2", weight("2", HIDDEN, HIDDEN)],
      ["3", weight("3", FEATURES, HIDDEN)],
      ["head", weight("head", K, FEATURES)],
    ]);
    const [first, second, third, head] = [...parameters.values()] as [Tensor, Tensor, Tensor, Tensor];
    const features = () => {
      const Z = X.linear(first).relu().linear(second).relu().linear(third);
      return Z.div(Z.norm(-1, true));
    };
    const trained = objective === "mcr2" ? [first, second, third] : [first, second, third, head];
    const names = [...parameters.keys()].slice(0, trained.length);
    using optimizer = createOptimizer("adam", new Map(names.map((name, i) => [name, trained[i]!])));
    const course: number[] = [];
    for (let step = 0; step < steps; step++)
      scope(() => {
        const Z = features();
        const loss =
          objective === "mcr2"
            ? mcr2Loss(Z, labels, K, { epsilon: Math.SQRT1_2 }).loss
            : crossEntropy(Z.linear(head), labels);
        course.push(loss.item());
        optimizer.step(gradients(loss, trained), 2e-3);
      });
    const Z = features().detach();
    for (const parameter of parameters.values()) parameter.dispose();
    return { Z, course };
  });
}

/** Mean |cosine| between samples of different classes, and the energy in each class's strongest directions. */
export function geometry(Z: Tensor): { cross: number; energies: number[][] } {
  return scope(() => {
    const parts = Z.reshape([K, COUNT, FEATURES]);
    const cosines = parts.unsqueeze(1).matmul(parts.T.unsqueeze(0)).abs().mean([2, 3]); // [K, K]
    const cross = cosines.sum().sub(cosines.diagonal().sum()).item() / (K * (K - 1));
    const squares = aten("linalg_svdvals", parts).square();
    return { cross, energies: squares.div(squares.sum(1, true)).toArray() as number[][] };
  });
}

export const mcr2Geometry: Claim = {
  name: "mcr2-geometry",
  title:
    "MCR² makes classes orthogonal and lets each fill a subspace; cross-entropy collapses each to one direction",
  source: "Yu et al. 2020, properties of the learned features, against neural collapse",
  expected:
    "|cos| across classes ≤ .05, several even directions each, ΔR as its closed form to 2 %; cross-entropy: one direction",
  run({ random, quick }) {
    const steps = quick ? 800 : 2000;
    const ours = learn(random, "mcr2", steps);
    const theirs = learn(random, "cross-entropy", steps);
    const [mcr2, collapsed] = [geometry(ours.Z), geometry(theirs.Z)];
    // directions with 5 % of the energy and more
    const used = mcr2.energies.map((class_) => class_.filter((share) => share > 0.05));
    const ranks = used.map((shares) => shares.length);
    const form = closedForm({ d: FEATURES, ranks, epsilon: Math.SQRT1_2 }).reduction;
    const reduction = -ours.course.at(-1)!;
    const even = Math.max(...used.map((shares) => shares[0]! / shares.at(-1)!));
    const one = Math.min(...collapsed.energies.map((class_) => class_[0]!));
    const x = Array.from({ length: FEATURES }, (_, i) => i + 1);
    const spectra = (name: string, { energies }: typeof mcr2, tone: number): Curve[] =>
      energies.map((y) => ({ name, x, y, tone, marker: "none" }));
    const gram = scope(() => {
      const every = tensor(
        Array.from({ length: 36 }, (_, i) => 5 * i),
        { dtype: "int64" },
      );
      const chosen = ours.Z.indexSelect(0, every);
      return chosen.matmul(chosen.T).abs().numbers();
    });
    const names = Array.from({ length: 36 }, (_, i) => String(i + 1));
    return {
      measured: `ranks ${ranks.join(" + ")}, ΔR ${short(reduction / form)} of their closed form, |cos| across ${short(mcr2.cross)}; cross-entropy: ${short(one)} in one direction`,
      numbers: {
        "ΔR over the closed form for these ranks": between(reduction / form, 0.98, 1.001),
        "least rank of a class": atLeast(Math.min(...ranks), 2),
        "mean |cosine| across classes": atMost(mcr2.cross, 0.05),
        "largest over least share of energy in a class": atMost(even, 1.5),
        "cross-entropy's energy in one direction, the least": atLeast(one, 0.95),
      },
      plot: {
        subtitle: `three closed curves in ${INPUT} dimensions, ${COUNT} samples each; two hidden layers of ${HIDDEN}, d = ${FEATURES}, ${steps} steps`,
        panels: [
          {
            kind: "map",
            title: "|cosine| of features by MCR²",
            x: { label: "every fifth sample", names },
            y: { label: "every fifth sample", names },
            ...{ values: gram, label: "|cosine|", min: 0, max: 1 },
          },
          {
            kind: "curves",
            title: "Energy of each class by direction",
            x: { label: "direction" },
            y: { label: "share of energy", format: "percent", min: 0 },
            curves: [
              ...spectra("MCR²", mcr2, 0),
              ...spectra("cross-entropy", collapsed, 1),
              level("even over d/K directions", [1, 4], K / FEATURES),
            ],
          },
        ],
      },
    };
  },
};
