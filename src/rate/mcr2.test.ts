import { expect, test } from "vitest";
import {
  aten,
  eye,
  gradients,
  ones,
  random,
  scope,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import { codingRate, rateReduction } from "./coding-rate.ts";
import { MCR2_EPSILON, mcr2Loss } from "./mcr2.ts";
import { segments } from "./segments.ts";

const double = { dtype: "float64" } as const;
const labelled = (values: number[]) => tensor(BigInt64Array.from(values, BigInt));
const oneHot = (labels: Tensor, classes: number) => aten("one_hot", labels, classes).to("float64");

/** Class k spread evenly over axes of its own: unit features, orthogonal classes, flat spectra. */
function ideal(ranks: number[], copies: number): { Z: Tensor; labels: Tensor } {
  const axes = ranks.flatMap((rank, k) =>
    Array.from({ length: rank * (copies / rank) }, (_, i) => ({ k, i })),
  );
  const starts = ranks.map((_, k) => ranks.slice(0, k).reduce((sum, rank) => sum + rank, 0));
  const d = ranks.reduce((sum, rank) => sum + rank, 0);
  const rows = axes.map(({ k, i }) => {
    const row = new Array<number>(d).fill(0);
    row[starts[k]! + (i % ranks[k]!)] = 1;
    return row;
  });
  return { Z: tensor(rows, double), labels: labelled(axes.map(({ k }) => k)) };
}

test("mcr2Loss: orthogonal isotropic classes have the closed forms of R, Rᶜ and ΔR", () => {
  scope(() => {
    for (const [d, expected] of [
      [2, Math.log(11) - 0.5 * Math.log(21)],
      [3, 1.5 * Math.log(11) - 0.5 * Math.log(31)],
    ] as const) {
      const { Z, labels } = ideal(new Array(d).fill(1), 5);
      const { loss } = mcr2Loss(Z, labels, d, { epsilon: Math.sqrt(0.1) });
      expect(loss.item()).toBeCloseTo(-expected, 12);
    }
    const { Z, labels } = ideal([4, 4], 20);
    const { loss, expansion, compression } = mcr2Loss(Z, labels, 2, { epsilon: Math.SQRT1_2 });
    expect(expansion.item()).toBeCloseTo(4 * Math.log(3), 12); // d = 8, ε² = ½: ½ · 8 ln(1 + 16 · ½ / 4)
    expect(compression.item()).toBeCloseTo(2 * Math.log(5), 12);
    expect(loss.item()).toBeCloseTo(-1.175573, 6);
  });
});

test("classes of different size and rank follow the closed form too", () => {
  scope(() => {
    const { Z, labels } = ideal([3, 5], 15);
    const n = labels.numel;
    const R = 0.5 * (3 * Math.log(1 + 16 / 2 / 3) + 5 * Math.log(1 + 16 / 2 / 5));
    const Rc = 0.25 * (3 * Math.log(1 + 16 / 3) + 5 * Math.log(1 + 16 / 5));
    expect(n).toBe(30);
    expect(mcr2Loss(Z, labels, 2, { epsilon: Math.SQRT1_2 }).loss.item()).toBeCloseTo(Rc - R, 12);
  });
});

test("values and gradients are those of dense memberships, with absent and unequal classes", () => {
  scope(() => {
    const Z = random(1).normal([60, 16], double).setRequiresGrad();
    const labels = labelled(Array.from({ length: 60 }, (_, i) => [0, 0, 0, 0, 1, 4][i % 6]!));
    const epsilon = MCR2_EPSILON;
    const { loss } = mcr2Loss(Z, labels, 6, { epsilon: Math.SQRT1_2 });
    const dense = rateReduction(Z, oneHot(labels, 6), { epsilon }).neg();
    expect(loss.item()).toBeCloseTo(dense.item(), 10);
    const [ours] = gradients(loss, [Z]);
    const [theirs] = gradients(dense, [Z]);
    expect(ours!.sub(theirs!).abs().max().item()).toBeLessThan(1e-10);
  });
});

test("mcr2Loss: the gradient is E Z − Σ γⱼ Cⱼ Z Πⱼ", () => {
  scope(() => {
    const [n, d, K, epsSq] = [100, 16, 3, 0.5];
    const Z = random(2).normal([n, d], double).setRequiresGrad();
    const labels = random(3).integers([n], 0, K);
    const [gradient] = gradients(mcr2Loss(Z, labels, K, { epsilon: Math.SQRT1_2 }).loss.neg(), [Z]);
    const z = Z.detach();
    const inverse = (G: Tensor, alpha: number) =>
      aten("linalg_inv", eye(d, double).add(G.mul(alpha))).mul(alpha);
    let expected = z.matmul(inverse(z.T.matmul(z), d / (n * epsSq)));
    const Pi = oneHot(labels, K);
    for (let k = 0; k < K; k++) {
      const Zk = z.mul(Pi.narrow(1, k, 1));
      const nk = Pi.select(1, k).sum().item();
      expected = expected.sub(Zk.matmul(inverse(Zk.T.matmul(Zk), d / (nk * epsSq))).mul(nk / n));
    }
    expect(gradient!.sub(expected).abs().max().item()).toBeLessThan(1e-10);
  });
});

test("γ₁ is inside the log-determinant, γ₂ outside; the plain rate is kept for logs", () => {
  scope(() => {
    const Z = random(4).normal([40, 8], double).setRequiresGrad();
    const labels = random(5).integers([40], 0, 20);
    const { loss, expansion, compression, rate } = mcr2Loss(Z, labels, 20, {
      epsilon: Math.SQRT1_2,
      gamma1: 20,
      gamma2: 0.05,
    });
    const G = eye(8, double).add(Z.T.matmul(Z).mul((20 * 8) / (40 * 0.5)));
    expect(expansion.item()).toBeCloseTo(0.5 * aten("logdet", G).item(), 10);
    expect(loss.item()).toBeCloseTo(compression.item() - 0.05 * expansion.item(), 12);
    expect(rate.item()).toBeCloseTo(codingRate(Z, { epsilon: MCR2_EPSILON }).item(), 12);
  });
});

test("one class has no reduction; half precision is widened", () => {
  scope(() => {
    const Z = random(6).normal([30, 8]);
    expect(
      mcr2Loss(Z, zeros([30], { dtype: "int64" }), 1, { epsilon: Math.SQRT1_2 }).loss.item(),
    ).toBeCloseTo(0, 5);
    const labels = random(7).integers([30], 0, 3);
    const half = Z.to("bfloat16");
    const { loss } = mcr2Loss(half, labels, 3, { epsilon: Math.SQRT1_2 });
    expect(loss.dtype).toBe("float32");
    expect(loss.item()).toBeCloseTo(
      mcr2Loss(half.to("float32"), labels, 3, { epsilon: Math.SQRT1_2 }).loss.item(),
      4,
    );
  });
});

test("what does not fit is said", () => {
  scope(() => {
    const Z = ones([3, 2]);
    expect(() => mcr2Loss(Z, labelled([0, 1]), 2, { epsilon: Math.SQRT1_2 })).toThrow(
      "expected features [n, d] and n labels",
    );
    expect(() => mcr2Loss(Z, labelled([0, 1, 2]), 2, { epsilon: Math.SQRT1_2 })).toThrow(
      "got 2 for sample 2",
    );
    expect(() => mcr2Loss(Z, labelled([0, 1, 1]), 2, { epsilon: Math.SQRT1_2, gamma1: 0 })).toThrow(
      "expected gamma1 > 0, got 0",
    );
  });
});

test("segments lay classes side by side and pad with zeros", () => {
  scope(() => {
    const Z = tensor([[1], [2], [3], [4]]);
    const classes = segments(labelled([2, 0, 2, 2]), 3);
    expect(classes.counts).toEqual([1, 0, 3]);
    expect(classes.pad(Z).squeeze(-1).toArray()).toEqual([
      [2, 0, 0],
      [0, 0, 0],
      [1, 3, 4],
    ]);
    expect(segments(labelled([0, 0]), 2).pad(stack([ones([2, 2]), zeros([2, 2])])).shape).toEqual([
      2, 2, 2, 2,
    ]);
  });
});
