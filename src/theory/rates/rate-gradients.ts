/** @file The closed-form gradients of R and of Rᶜ, against subspaces and against memberships. */

import { codingRate, rateAgainstMemberships, rateAgainstSubspaces } from "../../rate/index.ts";
import { aten, gradients, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atMost, type Claim, short } from "../claim.ts";
import {
  compressionGradient,
  gammaOf,
  largestDifference,
  plusIdentity,
  rateGradient,
} from "../closed-forms.ts";
import { level } from "../plot.ts";
import { bases, normal } from "../sample.ts";

/** A rate as a function of one argument, and its gradient in closed form. */
interface Case {
  name: string;
  at: Tensor;
  rate: (x: Tensor) => Tensor;
  gradient: Tensor;
}

export interface Sizes {
  n: number;
  d: number;
  K: number;
  p: number;
}

/** The four gradients of the theory at one random point. */
function casesOf(random: Random, { n, d, K, p }: Sizes, epsilon: number): Case[] {
  const Z = normal(random.at("Z"), [n, d]);
  const U = bases(random.at("U"), [K, d, p]);
  const Pi = normal(random.at("Pi"), [n, K]).softmax(1);
  const byClass = classTerms(Z, Pi, epsilon);
  return [
    {
      name: "R in Z",
      at: Z,
      rate: (x) => codingRate(x, { epsilon }),
      gradient: rateGradient(Z, d / (n * epsilon ** 2)),
    },
    {
      name: "R^c in Z, given U",
      at: Z,
      rate: (x) => rateAgainstSubspaces(x, U, { epsilon }),
      gradient: compressionGradient(Z, U, gammaOf(n, p, epsilon)),
    },
    {
      name: "R^c in Z, given Π",
      at: Z,
      rate: (x) => rateAgainstMemberships(x, Pi, { epsilon }),
      gradient: byClass.features,
    },
    {
      name: "R^c in Π",
      at: Pi,
      rate: (x) => rateAgainstMemberships(Z, x, { epsilon }),
      gradient: byClass.memberships,
    },
  ];
}

/** Σⱼ γⱼ Πⱼ Z Cⱼ, and (log det Mⱼ − tr(I − Mⱼ⁻¹) + (d/ε²) zᵢᵀMⱼ⁻¹zᵢ) / 2n, with Mⱼ = I + αⱼ ZᵀΠⱼZ */
function classTerms(Z: Tensor, Pi: Tensor, epsilon: number): { features: Tensor; memberships: Tensor } {
  const [n, d] = Z.shape as [number, number];
  const columns = Pi.unbind(1).map((pi) => {
    const alpha = d / (pi.sum().item() * epsilon ** 2);
    const M = plusIdentity(Z.T.matmul(Z.mul(pi.unsqueeze(1))), alpha);
    const inverse = aten("linalg_inv", M);
    const coded = Z.matmul(inverse); //                                         rows zᵢᵀMⱼ⁻¹
    const fit = coded
      .mul(Z)
      .sum(1)
      .mul(d / epsilon ** 2);
    const constant = aten("logdet", M).sub(d).add(inverse.diagonal().sum());
    return {
      features: coded.mul(pi.unsqueeze(1)).mul(d / epsilon ** 2 / n),
      memberships: fit.add(constant).div(2 * n),
    };
  });
  return {
    features: columns.map(({ features }) => features).reduce((sum, term) => sum.add(term)),
    memberships: aten(
      "stack",
      columns.map(({ memberships }) => memberships),
      1,
    ),
  };
}

/**
 * For each gradient: closed form against autograd, and autograd against central differences along a random direction,
 * with what rounding of the two rates alone may make of such a difference, u|R| / h.
 */
export function gradientErrors(random: Random, sizes: Sizes, epsilon: number) {
  return scope(() =>
    casesOf(random, sizes, epsilon).map(({ name, at, rate, gradient }) => {
      const x = at.detach().setRequiresGrad();
      const [found] = gradients(rate(x), [x]) as [Tensor];
      const direction = normal(random.at("direction"), at.shape);
      const unit = direction.div(direction.norm());
      const h = 1e-5;
      const slope =
        rate(at.add(unit.mul(h)))
          .sub(rate(at.sub(unit.mul(h))))
          .item() /
        (2 * h);
      const difference = Math.abs(slope - found.mul(unit).sum().item());
      const rounding = (Number.EPSILON * Math.abs(rate(at).item())) / h;
      return { name, closed: largestDifference(found, gradient), difference, rounding };
    }),
  );
}

export const rateGradients: Claim = {
  name: "rate-gradients",
  title:
    "The gradients of R and Rᶜ have closed forms: ∇R = α(I + αZZᵀ)⁻¹Z, and likewise in each subspace and class",
  source: "Yu et al. 2023, gradients of the rates; Chan et al. 2022, E and Cʲ; E2",
  expected: "autograd equals the closed forms to 1e-10, central differences to 1e-6",
  run({ random, quick }) {
    const sizes = quick ? { n: 40, d: 12, K: 3, p: 4 } : { n: 100, d: 48, K: 6, p: 8 };
    const precisions = [2, 1, 0.5, 0.2];
    const found = precisions.map((epsilon) => gradientErrors(random.at(`${epsilon}`), sizes, epsilon));
    const names = found[0]!.map(({ name }) => name);
    const curves = (of: "closed" | "difference") =>
      names.map((name, i) => ({
        name,
        x: precisions,
        y: found.map((errors) => {
          const { [of]: error, rounding } = errors[i]!;
          // below its rounding a difference is another one on each processor, and says nothing
          return Math.max(error, of === "closed" ? 1e-17 : rounding);
        }),
      }));
    const worst = (of: "closed" | "difference") => Math.max(...found.flat().map((errors) => errors[of]));
    const [closed, difference] = [worst("closed"), worst("difference")];
    const x = { label: "ε", scale: "log" } as const;
    const y = { label: "largest difference", scale: "log" } as const;
    return {
      measured: `closed forms within ${short(closed)}, central differences within ${short(difference)}`,
      numbers: {
        "closed form against autograd": atMost(closed, 1e-10),
        "central differences against autograd": atMost(difference, 1e-6),
      },
      plot: {
        subtitle: `n = ${sizes.n}, d = ${sizes.d}, K = ${sizes.K}, p = ${sizes.p}; standard normal Z; central differences no smaller than their rounding, u|R| / h`,
        panels: [
          {
            kind: "curves",
            title: "Closed form − autograd",
            ...{ x, y },
            curves: [...curves("closed"), level("limit", precisions, 1e-10)],
          },
          {
            kind: "curves",
            title: "Central difference − autograd",
            ...{ x, y },
            curves: [...curves("difference"), level("limit", precisions, 1e-6)],
          },
        ],
      },
    };
  },
};
