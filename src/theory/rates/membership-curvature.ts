/** @file Rᶜ is concave in the memberships, so that without entropy every point wants to be a cluster of its own. */

import { codingRate } from "../../rate/index.ts";
import { full, gradients, noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { rateByFeatures } from "../closed-forms.ts";
import { expectedCurve, level } from "../plot.ts";
import { identity, normal, WIDE } from "../sample.ts";

const epsilon = Math.SQRT1_2;

/** Unit features, [n, d] */
export function unitFeatures(random: Random, n: number, d: number): Tensor {
  const Z = normal(random, [n, d]);
  return Z.div(Z.norm(-1, true));
}

/** Rᶜ(Z, Γ) = 1/(2n) Σⱼ log det(I + (d/ε²) Zᵀ Diag(Γⱼ) Z), Γ [n, n] with columns that sum to 1. */
export function membershipRate(Z: Tensor, Gamma: Tensor): Tensor {
  const [n, d] = Z.shape as [number, number];
  const weighted = Gamma.T.sqrt().unsqueeze(-1).mul(Z); //                      [n, n, d]: √Γᵢⱼ zᵢ for each j
  return rateByFeatures(weighted, d / epsilon ** 2)
    .sum()
    .div(n);
}

/** A doubly stochastic matrix from positive scores, by Sinkhorn's scaling. */
export function sinkhorn(scores: Tensor, rounds = 200): Tensor {
  let log = scores;
  for (let i = 0; i < rounds; i++) {
    log = log.sub(log.logsumexp(1, true));
    log = log.sub(log.logsumexp(0, true));
  }
  return log.exp();
}

/** How far Rᶜ of the middle of two doubly stochastic matrices is above the mean of the ends: ≥ 0 where it is concave. */
export function middleAboveChord(random: Random, n: number, d: number): number {
  return scope(() => {
    const Z = unitFeatures(random.at("Z"), n, d);
    const [A, B] = ["A", "B"].map((end) => sinkhorn(normal(random.at(end), [n, n]).mul(3))) as [
      Tensor,
      Tensor,
    ];
    const chord = membershipRate(Z, A).add(membershipRate(Z, B)).div(2);
    return membershipRate(Z, A.add(B).div(2)).sub(chord).item();
  });
}

/** Mirror ascent on −Rᶜ over doubly stochastic matrices, from near 11ᵀ/n: the largest entry of each row, and Rᶜ. */
function ascend(Z: Tensor, random: Random, steps: number) {
  const n = Z.size(0);
  let scores = normal(random, [n, n]).mul(0.01);
  const course: { rate: number; least: number }[] = [];
  for (let step = 0; step < steps; step++) {
    scores = scope(() => {
      const Gamma = noGrad(() => sinkhorn(scores, 30))
        .detach()
        .clamp(1e-12)
        .setRequiresGrad();
      const rate = membershipRate(Z, Gamma);
      course.push({ rate: rate.item(), least: Gamma.detach().max(1).min().item() });
      const [slope] = gradients(rate, [Gamma]) as [Tensor];
      return Gamma.detach().log().sub(slope.mul(n)); //                         step n: the gradient has a factor 1/n
    });
  }
  return course;
}

export const membershipCurvature: Claim = {
  name: "membership-curvature",
  title:
    "Rᶜ(Z, Γ) is concave in Γ: without entropy R − Rᶜ is largest at a permutation, every point its own cluster",
  source: "Ding et al. 2023, manifold linearising and clustering, why Γ is regularised",
  expected: "Γ = I gives ½ ln(1 + d/ε²), Γ = 11ᵀ/n gives R; concave; ascent ends at 0 and 1",
  run({ random, quick }) {
    const [n, d] = quick ? [16, 6] : [40, 6];
    const Z = unitFeatures(random.at("Z"), n, d);
    const uniform = full([n, n], 1 / n, WIDE);
    const I = identity(n);
    const own = 0.5 * Math.log1p(d / epsilon ** 2);
    const all = codingRate(Z, { epsilon }).item();
    const shares = Array.from({ length: 21 }, (_, i) => i / 20);
    const along = shares.map((t) => membershipRate(Z, I.mul(1 - t).add(uniform.mul(t))).item());
    const chord = shares.map((t) => (1 - t) * own + t * all);
    const course = ascend(Z, random.at("start"), quick ? 60 : 120);
    const last = course.at(-1)!;
    const steps = course.map((_, i) => i);
    const middles = Array.from({ length: quick ? 10 : 40 }, (_, t) =>
      middleAboveChord(random.at(`${t}`), 12, 5),
    );
    return {
      measured: `least entry of ${n} that won its row ${short(last.least)}; Rᶜ ${last.rate.toFixed(5)} of ${own.toFixed(5)}`,
      numbers: {
        "Rᶜ at Γ = I": near(along[0]!, own, 1e-12),
        "Rᶜ at Γ = 11ᵀ/n, less R": atMost(Math.abs(along.at(-1)! - all), 1e-12),
        "least height of the segment above its chord": atLeast(
          Math.min(...along.map((y, i) => y - chord[i]!)),
          -1e-12,
        ),
        "least height of a middle above the mean of its ends": atLeast(Math.min(...middles), 0),
        "largest entry of each row after ascent, the least": atLeast(last.least, 0.999),
        "Rᶜ after ascent": near(last.rate, own, 1e-3),
      },
      plot: {
        subtitle: `n = ${n} unit features, d = ${d}, ε² = ½`,
        panels: [
          {
            kind: "curves",
            title: "From every point alone to one cluster",
            x: { label: "t in Γ = (1−t) I + t 11ᵀ/n" },
            y: { label: "R^c(Z, Γ) (nats)" },
            curves: [{ name: "R^c", x: shares, y: along }, expectedCurve("chord", shares, chord)],
          },
          {
            kind: "curves",
            title: "Ascent over doubly stochastic Γ",
            x: { label: "step" },
            y: { label: "R^c (nats)" },
            curves: [
              { name: "R^c of the iterate", x: steps, y: course.map(({ rate }) => rate), marker: "none" },
              level("½ ln(1 + d/ε²), any permutation", steps, own),
            ],
          },
        ],
      },
    };
  },
};
