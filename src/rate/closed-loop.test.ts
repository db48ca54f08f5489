import { expect, test } from "vitest";
import {
  aten,
  autocast,
  cat,
  eye,
  gradients,
  random,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { binaryObjective, featureObjective, multiObjective, rateDistance } from "./closed-loop.ts";
import {
  heldClasses,
  incrementalDecoderObjective,
  incrementalEncoderObjective,
} from "./closed-loop-incremental.ts";
import { codingRate } from "./coding-rate.ts";
import { partsOf, unionRates } from "./parts.ts";

const double = { dtype: "float64" } as const;
const int64 = (values: number[]) => tensor(BigInt64Array.from(values, BigInt));
const unit = (name: string, n: number, d: number) => {
  const Z = random(11).at(name).normal([n, d], double);
  return Z.div(Z.norm(-1, true));
};

/** ½ log det(I + d/(n ε²) ZᵀZ), as it is written. */
const R = (Z: Tensor, epsSq: number): Tensor =>
  aten<Tensor>("logdet", eye(Z.size(1), double).add(Z.T.matmul(Z).mul(Z.size(1) / (Z.size(0) * epsSq)))).div(
    2,
  );
const rows = (Z: Tensor, labels: number[], k: number) =>
  Z.indexSelect(0, int64(labels.flatMap((label, i) => (label === k ? [i] : []))));
const present = (labels: number[]) => [...new Set(labels)];
const reduction = (Z: Tensor, labels: number[], epsSq: number): Tensor =>
  present(labels).reduce(
    (sum, k) => {
      const Zk = rows(Z, labels, k);
      return sum.sub(R(Zk, epsSq).mul(Zk.size(0) / Z.size(0)));
    },
    R(Z, epsSq),
  );
const pair = (A: Tensor, B: Tensor, epsSq: number): Tensor => {
  const [n, m] = [A.size(0), B.size(0)];
  return R(cat([A, B]), epsSq)
    .sub(R(A, epsSq).mul(n / (n + m)))
    .sub(R(B, epsSq).mul(m / (n + m)));
};
const difference = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();

/** Unequal classes, and class 2 of 0 … 4 is absent. */
const LABELS = Array.from({ length: 40 }, (_, i) => [0, 0, 0, 1, 3, 4, 4, 3][i % 8]!);

test("multiObjective: the multi objective and its gradients are those of every rate written out", () => {
  scope(() => {
    const [Z, Zhat] = [unit("Z", 40, 12).setRequiresGrad(), unit("H", 40, 12).setRequiresGrad()];
    const options = { epsilon: Math.SQRT1_2, classes: 5, weights: [2, 3, 5] as const };
    const ours = multiObjective(Z, Zhat, int64(LABELS), options);
    const pairs = present(LABELS).map((k) => pair(rows(Z, LABELS, k), rows(Zhat, LABELS, k), 0.5));
    const far = pairs.reduce((a, b) => a.add(b));
    const whole = reduction(Z, LABELS, 0.5)
      .mul(2)
      .add(reduction(Zhat, LABELS, 0.5).mul(3))
      .add(far.mul(5));
    expect(ours.objective.item()).toBeCloseTo(whole.item(), 10);
    expect(ours.terms.distance.item()).toBeCloseTo(far.item(), 10);
    expect(ours.terms.features.item()).toBeCloseTo(reduction(Z, LABELS, 0.5).item(), 10);
    const [found, wanted] = [gradients(ours.objective, [Z, Zhat]), gradients(whole, [Z, Zhat])];
    for (const [i, gradient] of found.entries()) expect(difference(gradient, wanted[i]!)).toBeLessThan(1e-10);
  });
});

test("d below, at and above the size of the blocks: rates, first and second derivatives", () => {
  scope(() => {
    for (const d of [3, 31, 32, 33, 64, 70, 130]) {
      const Z = unit(`d${d}`, 50, d).setRequiresGrad();
      const parts = partsOf(int64(Array.from({ length: 50 }, (_, i) => i % 2)), 2);
      const rates = unionRates(Z, parts, [[0], [1], [0, 1], []], { epsilon: 0.5 });
      const direct = codingRate(Z, { epsilon: 0.5 });
      expect(rates.select(0, 2).item()).toBeCloseTo(direct.item(), 10);
      expect(rates.select(0, 3).item()).toBe(0);
      const [found] = gradients(rates.select(0, 2), [Z], { createGraph: true });
      const [wanted] = gradients(direct, [Z], { createGraph: true });
      expect(difference(found!, wanted!)).toBeLessThan(1e-10);
      const direction = unit(`v${d}`, 50, d);
      const [second] = gradients(found!.mul(direction).sum(), [Z]);
      const [secondWanted] = gradients(wanted!.mul(direction).sum(), [Z]);
      expect(difference(second!, secondWanted!)).toBeLessThan(1e-8);
    }
  });
});

test("binaryObjective: the distance is 0 for equal second moments, whatever the samples, and never negative", () => {
  scope(() => {
    const Z = unit("Z", 30, 8);
    expect(rateDistance(Z, Z.neg(), { epsilon: Math.SQRT1_2 }).item()).toBeCloseTo(0, 12);
    expect(rateDistance(Z, cat([Z, Z]), { epsilon: Math.SQRT1_2 }).item()).toBeCloseTo(0, 12);
    expect(rateDistance(Z, unit("other", 30, 8), { epsilon: Math.SQRT1_2 }).item()).toBeGreaterThan(0.01);
    const orthogonal = rateDistance(tensor([[1, 0]], double), tensor([[0, 1]], double), {
      epsilon: Math.SQRT1_2,
    });
    expect(orthogonal.item()).toBeCloseTo(0.5 * (2 * Math.log(3) - Math.log(5)), 12); // d/ε² = 4, half of each axis
  });
});

test("multi with one class is binary", () => {
  scope(() => {
    const [Z, Zhat] = [unit("Z", 20, 6), unit("H", 20, 6)];
    const multi = multiObjective(Z, Zhat, zeros([20], { dtype: "int64" }), {
      epsilon: Math.SQRT1_2,
      classes: 1,
    });
    expect(multi.objective.item()).toBeCloseTo(
      binaryObjective(Z, Zhat, { epsilon: Math.SQRT1_2 }).objective.item(),
      12,
    );
  });
});

test("incrementalEncoderObjective: the incremental objectives are their formulas, with the authors' range of held classes or the paper's", () => {
  scope(() => {
    const [Z, Zhat, again] = [unit("Z", 40, 12), unit("H", 40, 12), unit("A", 40, 12)];
    for (const form of ["code", "paper"] as const) {
      const held = heldClasses(5, 2, form);
      const options = { classes: 5, fresh: [3, 4], held, lambda: 10, epsilon: 1 };
      const sum = (A: Tensor, B: Tensor, classes: readonly number[]) =>
        classes
          .filter((k) => LABELS.includes(k))
          .map((k) => pair(rows(A, LABELS, k), rows(B, LABELS, k), 1).item())
          .reduce((a, b) => a + b, 0);
      const common =
        reduction(Z, LABELS, 1).item() + reduction(Zhat, LABELS, 1).item() + 10 * sum(Z, Zhat, [3, 4]);
      const encoder = incrementalEncoderObjective(Z, Zhat, int64(LABELS), options).objective.item();
      expect(encoder).toBeCloseTo(common - sum(Z, Zhat, held), 10);
      const decoder = incrementalDecoderObjective(Z, Zhat, again, int64(LABELS), options).objective.item();
      expect(decoder).toBeCloseTo(common + sum(again, Zhat, held), 10);
    }
    expect(heldClasses(6, 2, "code")).toEqual([0, 1, 2, 3, 4]);
    expect(heldClasses(6, 2, "paper")).toEqual([0, 1, 2, 3]);
    expect(heldClasses(3, 1, "code")).toEqual(heldClasses(3, 1, "paper"));
  });
});

test("single precision, and features that are not finite, come out as they are", () => {
  scope(() => {
    const labels = int64(LABELS);
    const [Z, Zhat] = [unit("Z", 40, 70).to("float32"), unit("H", 40, 70).to("float32")];
    const wide = multiObjective(Z.to("float64"), Zhat.to("float64"), labels, {
      epsilon: Math.SQRT1_2,
      classes: 5,
    }).objective;
    const narrow = multiObjective(Z, Zhat, labels, { epsilon: Math.SQRT1_2, classes: 5 }).objective;
    expect(Math.abs(narrow.item() - wide.item()) / wide.item()).toBeLessThan(1e-5);
    expect(
      multiObjective(Z.div(0), Zhat, labels, { epsilon: Math.SQRT1_2, classes: 5 }).objective.item(),
    ).toBeNaN();
  });
});

test("what does not fit is said", () => {
  scope(() => {
    const Z = unit("Z", 4, 3);
    expect(() => featureObjective(Z, int64([0, 1]), { epsilon: Math.SQRT1_2, classes: 2 })).toThrow(
      "one row per label",
    );
    expect(() => featureObjective(Z, int64([0, 1, 2, 0]), { epsilon: Math.SQRT1_2, classes: 2 })).toThrow(
      "got 2 for sample 2",
    );
    const options = { classes: 2, fresh: [2], held: [], lambda: 1, epsilon: 1 };
    expect(() => incrementalEncoderObjective(Z, Z, int64([0, 1, 1, 0]), options)).toThrow("0 to 1, got 2");
  });
});

test("autocast leaves the objective and its gradient as they are", () => {
  scope(() => {
    const [Z, Zhat] = ["Z", "H"].map((name) => unit(name, 40, 12).to("float32").detach().setRequiresGrad());
    const objective = () =>
      multiObjective(Z!, Zhat!, int64(LABELS), { epsilon: Math.SQRT1_2, classes: 5 }).objective;
    const [plain, inside] = [objective(), autocast("bfloat16", "cpu", objective)];
    expect(inside.item()).toBe(plain.item());
    const [gradient] = gradients(plain, [Z!]);
    const [under] = autocast("bfloat16", "cpu", () => gradients(inside, [Z!]));
    expect(under!.numbers()).toEqual(gradient!.numbers());
  });
});
