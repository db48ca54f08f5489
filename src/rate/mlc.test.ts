import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { close, normal, parameter } from "../../test/rates.ts";
import { toSphere } from "../nn/index.ts";
import {
  aten,
  autocast,
  eye,
  full,
  gradients,
  noGrad,
  random,
  scope,
  type Tensor,
  tensor,
} from "../tensor/index.ts";
import {
  CPP_EPSILON,
  codingRate,
  gumbelSoftmax,
  meanFeatures,
  meanMemberships,
  meanTcrLoss,
  membership,
  mlcLoss,
  nmceLoss,
  rateAgainstAffinity,
  rateAgainstMemberships,
  tcrLoss,
} from "./index.ts";

const options = { epsilon: CPP_EPSILON };
const unit = (name: string, n: number, d: number): Tensor => toSphere(normal(name, [n, d]));

/** Σⱼ tⱼ/(2n) log det(I + d/(tⱼ ε²) Zᵀ diag(πⱼ) Z), a column at a time by `logdet`. */
function plain(Z: Tensor, Pi: Tensor, epsSq = 0.1): Tensor {
  const [n, d] = Z.shape as [number, number];
  const terms = Pi.unbind(1).map((column) => {
    const mass = column.sum();
    const G = Z.T.mul(column)
      .matmul(Z)
      .mul(d / epsSq)
      .div(mass);
    return aten("logdet", G.add(eye(d, { dtype: "float64" })))
      .mul(mass)
      .div(2 * n);
  });
  return terms.reduce((sum, term) => sum.add(term));
}

/** The value and the gradients in Z and in C, where memberships come from C. */
function throughMembership(rate: (Z: Tensor, Pi: Tensor) => Tensor, n: number, d: number) {
  const [Z, C] = [parameter(unit("Z", n, d).detach()), parameter(unit("C", n, 5).detach())];
  const value = rate(Z, membership(C, { temperature: 0.175 }));
  return [value.detach(), ...gradients(value, [Z, C])];
}

test("rateAgainstAffinity: the formula and autograd's gradients, in Z and through Π and its column sums", () => {
  for (const [n, d] of [
    [30, 6],
    [9, 16],
    [14, 37],
  ] as const)
    scope(() => {
      const ours = throughMembership((Z, Pi) => rateAgainstAffinity(Z, Pi, options), n, d);
      throughMembership(plain, n, d).forEach((expected, i) => {
        expectClose(ours[i]!, expected);
      });
    });
});

test("columns in several chunks are as those in one; single precision is close; no gradient is none", () => {
  scope(() => {
    const [Z, Pi] = [unit("Z", 6, 80), normal("Pi", [6, 700]).softmax(1)]; //     655 columns at a time
    const whole = rateAgainstMemberships(Z, Pi, options).item();
    close(rateAgainstAffinity(Z, Pi, options).item(), whole);
    const single = rateAgainstAffinity(Z.to("float32"), Pi.to("float32"), options);
    expect(Math.abs(single.item() - whole) / whole).toBeLessThan(1e-5);
    const leaf = parameter(unit("leaf", 8, 4).detach());
    const silent = noGrad(() => rateAgainstAffinity(leaf, membership(leaf, { temperature: 1 }), options));
    expect(silent.requiresGrad).toBe(false);
  });
});

test("neighbourhoods of one point give ½ log(1 + d/ε²), those of all points R", () => {
  scope(() => {
    const Z = unit("Z", 25, 6);
    const wide = { dtype: "float64" } as const;
    const half = { epsilon: Math.sqrt(0.5) };
    close(rateAgainstAffinity(Z, eye(25, wide), half).item(), 0.5 * Math.log(13));
    expect(0.5 * Math.log(13)).toBeCloseTo(1.28247, 5);
    const uniform = full([25, 25], 1 / 25, wide);
    close(rateAgainstAffinity(Z, uniform, half).item(), codingRate(Z, half).item());
    const middle = rateAgainstAffinity(Z, eye(25, wide).add(uniform).div(2), half).item();
    expect(middle).toBeGreaterThan((0.5 * Math.log(13) + codingRate(Z, half).item()) / 2); // concave
  });
});

test("mlcLoss: −R + Rᶜ + γ/2 ‖Π‖², and autocast changes nothing", () => {
  scope(() => {
    const Z = unit("Z", 20, 6);
    const Pi = membership(Z, { temperature: 0.2 });
    const { loss, expansion, compression } = mlcLoss(Z, Pi, { epsilon: Math.sqrt(0.1), penalty: 0.3 });
    close(expansion.item(), codingRate(Z, options).item());
    close(compression.item(), plain(Z, Pi).item());
    close(loss.item(), compression.item() - expansion.item() + 0.15 * Pi.square().sum().item());
    const [z, pi] = [Z.to("float32"), Pi.to("float32")];
    const inside = autocast("bfloat16", "cpu", () =>
      mlcLoss(z, pi, { epsilon: Math.sqrt(0.1) }).compression.item(),
    );
    expect(inside).toBe(mlcLoss(z, pi, { epsilon: Math.sqrt(0.1) }).compression.item());
    expect(mlcLoss(Z.div(0), Pi, { epsilon: Math.sqrt(0.1) }).loss.item()).toBeNaN();
    expect(() => mlcLoss(Z, Pi.narrow(0, 0, 3), { epsilon: Math.sqrt(0.1) })).toThrow("memberships [n, c]");
  });
});

test("tcrLoss: the mean of two rates and 30 times the mean cosine", () => {
  scope(() => {
    const [Z, other] = [unit("Z", 12, 5), unit("other", 12, 5)];
    const { loss, rate, cosine } = tcrLoss(Z, other, { epsilon: Math.sqrt(0.2) });
    const R = (x: Tensor) => codingRate(x, { epsilon: Math.sqrt(0.2) }).item();
    const cosines = Z.mul(other).sum(-1).numbers();
    const mean = cosines.reduce((sum, x) => sum + x, 0) / 12;
    close(rate.item(), (R(Z) + R(other)) / 2);
    close(cosine.item(), mean);
    close(loss.item(), -(R(Z) + R(other)) / 2 - 30 * mean);
    close(tcrLoss(Z, Z, { epsilon: Math.sqrt(0.2) }).cosine.item(), 1);
  });
});

test("meanTcrLoss: the rate of the mean, and λ for every |cosine|", () => {
  scope(() => {
    const [Z, other] = [unit("Z", 12, 5), unit("other", 12, 5)];
    const { loss } = meanTcrLoss(Z, other, { epsilon: Math.sqrt(0.1), alignment: 0.5 });
    const sum = Z.mul(other).sum(-1).abs().sum().item();
    close(loss.item(), -codingRate(Z.add(other).div(2), options).item() - 0.5 * sum);
    close(meanTcrLoss(Z, Z, { epsilon: Math.sqrt(0.1), alignment: 1 }).cosine.item(), 1);
  });
});

test("gumbelSoftmax draws corners in proportion to the logits' softmax", () => {
  scope(() => {
    const logits = tensor([1, 2, 5].map(Math.log)).unsqueeze(0).expand([8000, 3]);
    const soft = gumbelSoftmax(logits, random(3));
    expect(soft.sum(1).sub(1).abs().max().item()).toBeLessThan(1e-5);
    const drawn = gumbelSoftmax(logits, random(3), 1e-3).mean(0).numbers();
    for (const [k, share] of [1 / 8, 2 / 8, 5 / 8].entries())
      expect(Math.abs(drawn[k]! - share)).toBeLessThan(0.02); //                about 4 deviations
    expect(() => gumbelSoftmax(logits, random(3), 0)).toThrow("above 0, got 0");
  });
});

test("nmceLoss: −R + Rᶜ of mean features on the sphere against mean memberships", () => {
  scope(() => {
    const views = [unit("a", 15, 4), unit("b", 15, 4)];
    const drawn = ["p", "q"].map((name) => normal(name, [15, 3]).softmax(1));
    const epsilon = { epsilon: Math.sqrt(0.2) };
    const Z = toSphere(views[0]!.add(views[1]!));
    const { loss, expansion, compression } = nmceLoss(views, drawn, { epsilon: Math.sqrt(0.2) });
    close(expansion.item(), codingRate(Z, epsilon).item());
    close(compression.item(), rateAgainstMemberships(Z, meanMemberships(drawn), epsilon).item());
    close(loss.item(), compression.item() - expansion.item());
    expectClose(meanFeatures([views[0]!]), views[0]!);
    expect(() => meanFeatures([])).toThrow("at least one, got none");
  });
});
