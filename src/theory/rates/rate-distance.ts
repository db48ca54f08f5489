/** @file ΔR(A, B) as a distance between sets of features: never negative, and blind to all but second moments. */

import { rateDistance } from "../../rate/index.ts";
import { cat, type Random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { expectedCurve } from "../plot.ts";
import { normal, rotation, WIDE } from "../sample.ts";

const epsilon = Math.SQRT1_2;
/** Without the noise of the last digits. */
const rounded = (value: number): number => Math.round(value * 1e9) / 1e9;

const distance = (A: Tensor, B: Tensor): number => rateDistance(A, B, { epsilon }).item();

/** ΔR of a random set to others: to what it cannot tell from it, and to a rotation, which it can. */
export function distances(random: Random, n: number, d: number) {
  return scope(() => {
    const A = normal(random.at("A"), [n, d]).mul(normal(random.at("scales"), [d]));
    const order = random.at("order").permutation(n);
    return {
      "A itself": distance(A, A),
      "−A": distance(A, A.neg()),
      "A reordered": distance(A, A.indexSelect(0, order)),
      "samples mixed": distance(A, rotation(random.at("mix"), n).matmul(A)),
      "features rotated": distance(A, A.matmul(rotation(random.at("turn"), d))),
    };
  });
}

/** ½ ln[(1+c)² − c² cos²φ] − ½ ln(1+2c), c = d/(2ε²): two unit vectors at the angle φ, in d dimensions. */
export const twoVectors = (angle: number, d: number): number => {
  const c = d / (2 * epsilon ** 2);
  return 0.5 * Math.log((1 + c) ** 2 - (c * Math.cos(angle)) ** 2) - 0.5 * Math.log1p(2 * c);
};

/** The same from the library. */
export const betweenVectors = (angle: number, d: number): number =>
  scope(() => {
    const vector = (a: number) => [[Math.cos(a), Math.sin(a), ...new Array<number>(d - 2).fill(0)]];
    return distance(tensor(vector(0), WIDE), tensor(vector(angle), WIDE));
  });

/** Two sets of 30, isotropic in three of six dimensions each, and these disjoint: 3 ln 3 − 1.5 ln 5. */
function disjointSpans(random: Random): number {
  const half = (side: number) =>
    scope(() => {
      const frame = cat(Array.from({ length: 10 }, (_, i) => rotation(random.at(`${side}.${i}`), 3)));
      return side === 0 ? frame.pad([0, 3]) : frame.pad([3, 0]);
    });
  return scope(() => distance(half(0), half(1)));
}

export const rateDistanceClaim: Claim = {
  name: "rate-distance",
  title: "ΔR(A, B) ≥ 0, with 0 where AᵀA/n = BᵀB/m: it sees second moments, not signs, order or pairing",
  source: "Dai et al. 2022, rate reduction as a distance between subspaces",
  expected: "≥ 0; 0 to 1e-10 for −A and mixed samples; 3 ln 3 − 1.5 ln 5 = .88168 for disjoint spans",
  run({ random, quick }) {
    const trials = quick ? 30 : 200;
    const many = Array.from({ length: trials }, (_, t) => distances(random.at(`${t}`), 30, 6));
    const names = Object.keys(many[0]!) as (keyof (typeof many)[number])[];
    const blind = names.filter((name) => name !== "features rotated");
    const least = Math.min(...many.flatMap((one) => Object.values(one)));
    const zero = Math.max(...many.flatMap((one) => blind.map((name) => Math.abs(one[name]))));
    const rotated = Math.min(...many.map((one) => one["features rotated"]));
    const disjoint = disjointSpans(random.at("disjoint"));
    const angles = Array.from({ length: 19 }, (_, i) => (i * Math.PI) / 18);
    const degrees = angles.map((angle) => Math.round((angle * 180) / Math.PI));
    const pairs = angles.map((angle) => betweenVectors(angle, 6));
    const formula = angles.map((angle) => twoVectors(angle, 6));
    const error = Math.max(...pairs.map((value, i) => Math.abs(value - formula[i]!)));
    return {
      measured: `least ${short(least)}; blind to signs and mixing within ${short(zero)}; disjoint spans ${disjoint.toFixed(5)}`,
      numbers: {
        "least ΔR": atLeast(least, -1e-10),
        "largest |ΔR| where second moments are equal": atMost(zero, 1e-10),
        "least ΔR to a rotation": atLeast(rotated, 1e-3),
        "ΔR of disjoint spans": near(disjoint, 3 * Math.log(3) - 1.5 * Math.log(5), 1e-10),
        "error of the formula for two vectors": atMost(error, 1e-12),
      },
      plot: {
        subtitle: `d = 6, ε² = ½; ${trials} sets of 30 features, and pairs of unit vectors`,
        panels: [
          {
            kind: "curves",
            title: "Two unit vectors",
            x: { label: "angle (degrees)", min: 0, max: 180 },
            y: { label: "ΔR(a, b) (nats)" },
            curves: [{ name: "measured", x: degrees, y: pairs }, expectedCurve("formula", degrees, formula)],
          },
          {
            kind: "bars",
            title: "ΔR(A, ·), mean over the sets",
            x: { label: "A and" },
            y: { label: "ΔR (nats)" },
            categories: names,
            series: [
              {
                name: "mean",
                values: names.map((name) => rounded(many.reduce((sum, one) => sum + one[name], 0) / trials)),
              },
            ],
          },
        ],
      },
    };
  },
};
