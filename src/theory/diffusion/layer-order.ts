/** @file With a U of its own for each layer, the way back has to take the layers in reverse. */

import { aten, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, between, type Claim, short } from "../claim.ts";
import { relativeError } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { normal } from "../sample.ts";
import { constant, flow, SETTING, type Setting, SMALL_SETTING, start } from "./flow.ts";

/** Relative errors of the round trip with U(ℓ) = exp(3A ℓ/L) U, layers taken back in reverse, and in the order of the way there. */
export function orderErrors(random: Random, setting: Setting, L: number): { right: number; wrong: number } {
  return scope(() => {
    const { Z, U, gamma } = start(random, setting);
    const d = U.size(1);
    const G = normal(random.at("skew"), [d, d]);
    const A = G.sub(G.T).div(2 * Math.sqrt(d));
    const layers = Array.from({ length: L }, (_, l) =>
      aten<Tensor>("linalg_matrix_exp", A.mul((3 * l) / L)).matmul(U),
    );
    const kappa = 1 / (gamma * L);
    const there = flow(Z, constant(kappa, L), gamma, (l) => layers[l]!);
    const back = (order: (l: number) => number) =>
      relativeError(
        flow(there, constant(-kappa, L), gamma, (l) => layers[order(l)]!),
        Z,
      );
    return { right: back((l) => L - 1 - l), wrong: back((l) => l) };
  });
}

export const layerOrder: Claim = {
  name: "layer-order",
  title: "A decoder that undoes an encoder of changing subspaces uses them in reverse: U^{L−ℓ}",
  source: "Pai et al. 2024, the decoder's layers mirror the encoder's; E12",
  expected: "reverse order: error ∝ 1/L; the same order: no better than .02, however many layers",
  run({ random, quick }) {
    const setting = { ...(quick ? SMALL_SETTING : SETTING), epsilon: 1 };
    const depths = quick ? [8, 16, 32, 64] : [4, 8, 16, 32, 64, 128];
    const found = depths.map((L) => orderErrors(random, setting, L));
    const [right, wrong] = [found.map((one) => one.right), found.map((one) => one.wrong)];
    const last = right.at(-2)! / right.at(-1)!;
    const plateau = wrong.at(-2)! / wrong.at(-1)!;
    return {
      measured: `reverse ${short(right.at(-1)!)}, same order ${short(wrong.at(-1)!)} at L = ${depths.at(-1)}`,
      numbers: {
        "ratio of the last two errors, reverse order": between(last, 1.8, 2.2),
        "ratio of the last two errors, same order": between(plateau, 0.8, 1.2),
        "error in the same order over reverse, at the end": atLeast(wrong.at(-1)! / right.at(-1)!, 2),
        "error in the same order at the end": atLeast(wrong.at(-1)!, 0.02),
      },
      plot: {
        subtitle: `setting of the round trip, ε = 1; U turns by exp(3Aℓ/L), A skew with entries of order 1/√d`,
        panels: [
          {
            kind: "curves",
            x: { label: "layers L", scale: "log" },
            y: { label: "relative error of the round trip", scale: "log" },
            curves: [
              { name: "reverse order", x: depths, y: right },
              { name: "same order", x: depths, y: wrong, role: "control" },
              expectedCurve(
                "∝ 1/L",
                depths,
                depths.map((L) => (right[0]! * depths[0]!) / L),
              ),
            ],
          },
        ],
      },
    };
  },
};
