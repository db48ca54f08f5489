/** @file One step on a majorant lowers λ‖Z‖₁ − R(Z) from non-negative orthonormal tokens. */

import { Majorise } from "../../model/index.ts";
import { codingRate } from "../../rate/index.ts";
import { arange, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, recorded, short } from "../claim.ts";
import { level } from "../plot.ts";
import { identity, normal } from "../sample.ts";

const [epsilon, lambda] = [0.5, 0.1];

/** Non-negative tokens of length 1 with disjoint supports, so that ZZᵀ = I: [n, d], each on d/n coordinates or more. */
export function disjointTokens(random: Random, n: number, d: number): Tensor {
  const owner = identity(n).indexSelect(1, arange(d).remainder(n)); //          coordinate j belongs to token j mod n
  const Z = owner.mul(normal(random, [n, d]).abs().add(0.05));
  return Z.div(Z.norm(-1, true));
}

const objective = (Z: Tensor): number => lambda * Z.abs().sum().item() - codingRate(Z, { epsilon }).item();

/** Change of the objective by one step with D = I, from disjoint tokens of the given length. */
export function objectiveChange(random: Random, [n, d]: readonly [number, number], length = 1): number {
  return scope(() => {
    const Z = disjointTokens(random, n, d).mul(length);
    using step = new Majorise(identity(d), { lambda, epsilon });
    return objective(step.apply(Z.unsqueeze(0)).squeeze(0)) - objective(Z);
  });
}

export const majoriseDescent: Claim = {
  name: "majorise-descent",
  title:
    "ReLU((1 + 4/(9(1+α)))Z − 4λ/(9α)) lowers λ‖Z‖₁ − R(Z) whenever Z ≥ 0 and its tokens are orthonormal",
  source: "Yu et al. 2023, appendix, the majorisation step; E16",
  expected: "lower every time (200 of 200); not for longer tokens, where ZᵀZ = I is broken",
  condition: {
    kind: "holds where",
    text: "Z ≥ 0 and the tokens are orthonormal; tokens much longer than 1 can rise",
  },
  run({ random, quick }) {
    const trials = quick ? 40 : 200;
    const changes = (length: number) =>
      Array.from({ length: trials }, (_, t) => {
        const stream = random.at(`${t}`);
        const n = 2 + Math.floor(5 * stream.number());
        return objectiveChange(stream, [n, 2 * n + Math.floor(6 * stream.number())], length);
      }).sort((a, b) => a - b);
    const lengths = [0.25, 0.5, 1, 2, 4, 8, 16];
    const found = lengths.map(changes);
    const unit = found[2]!;
    const lower = unit.filter((change) => change < 0).length;
    const worst = Math.max(...found.at(-1)!);
    return {
      measured: `${lower} of ${trials} lower, largest change ${short(unit.at(-1)!)}; at length 16 up to ${short(worst)}`,
      numbers: {
        "largest change from orthonormal tokens": atMost(unit.at(-1)!, 0),
        problems: recorded(trials),
        "largest change at length 16": atLeast(worst, 0),
      },
      plot: {
        subtitle: `${trials} draws for each length, n from 2 to 6, d from 2n; ε = ${epsilon}, λ = ${lambda}, D = I`,
        panels: [
          {
            kind: "curves",
            x: { label: "length of the tokens (the claim: 1)", scale: "log" },
            y: { label: "change of λ‖Z‖₁ − R(Z)" },
            curves: [
              { name: "largest", x: lengths, y: found.map((all) => all.at(-1)!) },
              { name: "median", x: lengths, y: found.map((all) => all[Math.floor(trials / 2)]!) },
              level("no change", lengths, 0),
            ],
          },
        ],
      },
    };
  },
};
