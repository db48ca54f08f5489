/** @file Rates do not see a rotation; what makes features sparse does. */

import { codingRate, rateAgainstSubspaces } from "../../rate/index.ts";
import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { level } from "../plot.ts";
import { bases, normal, rotation } from "../sample.ts";

const LIMIT = 1e-12;

/** Relative change of R(Z), Rᶜ(Z | U) and ‖Z‖₁, and change of the share of non-zeros, when Z and U are rotated. */
export function changes(
  random: Random,
  d: number,
): { rate: number; compression: number; l1: number; l0: number } {
  return scope(() => {
    const n = 2 * d;
    const U = bases(random.at("U"), [2, d, Math.max(1, Math.floor(d / 4))]);
    const Z = normal(random.at("Z"), [n, d]).relu(); //                         half of it zero
    const Q = rotation(random.at("Q"), d);
    const turned = { Z: Z.matmul(Q.T), U: Q.matmul(U) };
    const relative = (after: number, before: number) => Math.abs(after - before) / before;
    const nonZero = (X: typeof Z) => X.abs().gt(1e-9).to("float64").mean().item();
    return {
      rate: relative(codingRate(turned.Z, { epsilon: 0.5 }).item(), codingRate(Z, { epsilon: 0.5 }).item()),
      compression: relative(
        rateAgainstSubspaces(turned.Z, turned.U, { epsilon: 0.5 }).item(),
        rateAgainstSubspaces(Z, U, { epsilon: 0.5 }).item(),
      ),
      l1: relative(turned.Z.abs().sum().item(), Z.abs().sum().item()),
      l0: Math.abs(nonZero(turned.Z) - nonZero(Z)),
    };
  });
}

export const rotationInvariance: Claim = {
  name: "rotation-invariance",
  title:
    "R(ZQ) = R(Z) and Rᶜ(ZQ | QU) = Rᶜ(Z | U) for every rotation Q; sparsity is not invariant and fixes the axes",
  source: "Yu et al. 2023, why the objective has a sparsity term; E4",
  expected: "both rates to 1e-12; ‖Z‖₀ and ‖Z‖₁ change",
  run({ random, quick }) {
    const sizes = quick ? [8, 16, 32] : [8, 16, 32, 64, 128];
    const found = sizes.map((d) => changes(random.at(`${d}`), d));
    const curve = (name: string, of: keyof (typeof found)[number], role?: "control") => ({
      name,
      x: sizes,
      y: found.map((one) => Math.max(1e-17, one[of])),
      ...(role && { role }),
    });
    const worst = Math.max(...found.flatMap(({ rate, compression }) => [rate, compression]));
    const [l1, l0] = [Math.min(...found.map((one) => one.l1)), Math.min(...found.map((one) => one.l0))];
    return {
      measured: `rates change by ${short(worst)}, ‖Z‖₁ by ${short(l1)} and more, non-zeros by ${short(l0)} and more`,
      numbers: {
        "relative change of the rates": atMost(worst, LIMIT),
        "least relative change of ‖Z‖₁": atLeast(l1, 0.01),
        "least change of the share of non-zeros": atLeast(l0, 0.1),
      },
      plot: {
        subtitle: "Z = ReLU of normal numbers, n = 2d; two subspaces of dimension d/4",
        panels: [
          {
            kind: "curves",
            x: { label: "dimension d", scale: "log" },
            y: { label: "change under a rotation", scale: "log" },
            curves: [
              curve("R, relative", "rate"),
              curve("R^c, relative", "compression"),
              curve("‖Z‖₁, relative", "l1", "control"),
              curve("share of non-zeros", "l0", "control"),
              level("limit for the rates", sizes, LIMIT),
            ],
          },
        ],
      },
    };
  },
};
