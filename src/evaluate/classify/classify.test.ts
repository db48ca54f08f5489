import { expect, test } from "vitest";
import { aten, cat, gradients, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { accuracy, knn, linearSvm, nearestSubspace } from "./index.ts";

const labelled = (values: number[]) => tensor(BigInt64Array.from(values, BigInt));

/** Three classes on planes of their own in R⁸, turned by a random rotation. */
function planes(n: number, seed: number, shift = 0): { Z: Tensor; labels: Tensor } {
  const [Q] = aten<[Tensor, Tensor]>("linalg_qr", random(9).normal([8, 8]));
  const labels = labelled(Array.from({ length: n }, (_, i) => i % 3));
  const coordinates = random(seed).normal([n, 2]);
  const rows = Array.from({ length: n }, (_, i) =>
    coordinates.narrow(0, i, 1).matmul(Q.narrow(0, 2 * (i % 3), 2)),
  );
  return { Z: cat(rows).add(shift), labels };
}

test("nearest subspace finds subspaces, and affine ones when centred", () => {
  scope(() => {
    const train = planes(60, 1);
    const test = planes(30, 2);
    using plain = nearestSubspace(train.Z, train.labels, { classes: 3, components: 2, centred: false });
    expect(accuracy(plain.predict(test.Z), test.labels)).toBe(1);
    const own = plain.residuals(test.Z).gather(1, test.labels.unsqueeze(1));
    expect(own.max().item()).toBeLessThan(1e-10);
    const moved = planes(60, 1, 5);
    using affine = nearestSubspace(moved.Z, moved.labels, { classes: 3, components: 2, centred: true });
    expect(accuracy(affine.predict(planes(30, 2, 5).Z), test.labels)).toBe(1);
  });
});

test("bases are the leading right singular vectors, residuals those of the projection", () => {
  scope(() => {
    const Z = random(3).normal([50, 6]);
    const labels = random(4).integers([50], 0, 2);
    for (const centred of [false, true]) {
      using fitted = nearestSubspace(Z, labels, { classes: 2, components: 3, centred });
      const x = random(5).normal([7, 6], { dtype: "float64" });
      const expected = [0, 1].map((k) => {
        const rows = Z.to("float64").index([labels.eq(k)]);
        const mean = centred ? rows.mean([0]) : zeros([6], { dtype: "float64" });
        const [, , Vh] = aten<[Tensor, Tensor, Tensor]>("linalg_svd", rows.sub(mean), false);
        const B = Vh.narrow(0, 0, 3).T;
        expect(fitted.bases.select(0, k).T.matmul(B).abs().diagonal().min().item()).toBeCloseTo(1, 9);
        const y = x.sub(mean);
        return y.sub(y.matmul(B).matmul(B.T)).square().sum([1]);
      });
      const difference = fitted
        .residuals(x)
        .sub(aten("stack", expected, 1))
        .abs()
        .max()
        .item();
      expect(difference).toBeLessThan(1e-10);
    }
  });
});

test("few samples in many dimensions span what they span", () => {
  scope(() => {
    const Z = random(6).normal([8, 40]);
    const labels = labelled([0, 0, 0, 0, 2, 2, 2, 2]);
    using fitted = nearestSubspace(Z, labels, { classes: 3, components: 4, centred: false });
    const residuals = fitted.residuals(Z);
    expect(residuals.gather(1, labels.unsqueeze(1)).max().item()).toBeLessThan(1e-9);
    expect(residuals.select(1, 1).min().item()).toBe(Number.POSITIVE_INFINITY); // no sample of class 1
    expect(accuracy(fitted.predict(Z), labels)).toBe(1);
    using centred = nearestSubspace(Z, labels, { classes: 3, components: 4, centred: true });
    expect(centred.bases.select(0, 0).norm([0]).round().numbers()).toEqual([1, 1, 1, 0]); // rank 3 after centring
    const fit = () => nearestSubspace(Z, labels, { classes: 3, components: 5, centred: false });
    expect(fit).toThrow("expected at least 5 samples of class 0 for as many components, got 4");
  });
});

test("neighbours vote by cosine, and ties go to the smallest label", () => {
  scope(() => {
    const Z = tensor([[1, 0], [10, 1], [0, 1], [0, 5], [-1, 0]]); // biome-ignore format: points
    using one = knn(Z, labelled([2, 2, 1, 0, 3]), { k: 1, classes: 4 });
    expect(one.predict(tensor([[5, 0.1], [-2, 0.1]])).numbers()).toEqual([2, 3]); // biome-ignore format: points
    using tied = knn(Z, labelled([2, 2, 1, 0, 3]), { k: 4, classes: 4 });
    expect(tied.predict(tensor([[1, 1]])).numbers()).toEqual([2]);
    using even = knn(Z, labelled([2, 2, 1, 1, 3]), { k: 4, classes: 4 });
    expect(even.predict(tensor([[1, 1]])).numbers()).toEqual([1]);
    using weighted = knn(Z, labelled([1, 2, 2, 0, 3]), { k: 3, classes: 4, temperature: 0.07 });
    expect(weighted.predict(tensor([[1, -0.3]])).numbers()).toEqual([1]); //    two of class 2, but farther
    expect(() => knn(Z, labelled([0, 0, 0, 0, 0]), { k: 1, classes: 1, temperature: 0 })).toThrow("above 0");
    expect(() => knn(Z, labelled([0, 0, 0, 0, 0]), { k: 6, classes: 1 })).toThrow(
      "expected k from 1 to the 5",
    );
  });
});

test("the support vector machine reaches liblinear's optimum", () => {
  scope(() => {
    const X = Array.from({ length: 60 }, (_, i) =>
      Array.from({ length: 4 }, (_, j) => Math.sin(1 + 7 * i + 13 * j) + (j === i % 3 ? 0.8 : 0)),
    );
    const Z = tensor(X, { dtype: "float64" });
    const labels = labelled(X.map((_, i) => i % 3));
    using svm = linearSvm(Z, labels, { classes: 3 });
    const reference = [
      [1.31547258, -1.06269792, -1.03134871, 1.25112677],
      [-0.85476968, 1.55099577, -0.85544477, 0.00069655],
      [-0.46044769, -0.49345466, 1.87976784, -1.24177768],
    ];
    const error = svm.weights
      .sub(tensor(reference, { dtype: "float64" }))
      .abs()
      .max()
      .item();
    expect(error).toBeLessThan(1e-6);
    const intercepts = [-0.12540508, -0.28847245, -0.57543221];
    svm.intercepts.numbers().forEach((value, k) => {
      expect(value).toBeCloseTo(intercepts[k]!, 6);
    });
    expect(accuracy(svm.predict(Z), labels)).toBe(1);
  });
});

test("with other costs and scalings the gradient is still zero", () => {
  scope(() => {
    const Z = random(7).normal([300, 10]);
    const labels = random(8).integers([300], 0, 4);
    const [cost, interceptScaling] = [7, 3];
    using svm = linearSvm(Z, labels, { classes: 4, cost, interceptScaling });
    const w = svm.weights.clone().setRequiresGrad();
    const b = svm.intercepts.div(interceptScaling).setRequiresGrad();
    const Y = aten("one_hot", labels, 4).to("float64").mul(2).sub(1);
    const scores = Z.to("float64").matmul(w.T).add(b.mul(interceptScaling));
    const hinge = Y.mul(scores).neg().add(1).relu().square().sum().mul(cost);
    const loss = hinge.add(w.square().sum().add(b.square().sum()).div(2));
    for (const gradient of gradients(loss, [w, b])) expect(gradient.abs().max().item()).toBeLessThan(1e-5);
  });
});

test("bad features are refused", () => {
  scope(() => {
    const Z = tensor([[1, Number.NaN], [0, 1]]); // biome-ignore format: points
    const labels = labelled([0, 1]);
    expect(() => knn(Z, labels, { k: 1, classes: 2 })).toThrow("expected finite features");
    expect(() => linearSvm(zeros([2, 2]), labels, { classes: 1 })).toThrow("got 1 for sample 1");
    const options = { classes: 2, components: 1, centred: false };
    expect(() => nearestSubspace(zeros([3, 2]), labels, options)).toThrow("features [n, d] and labels [n]");
    using fitted = nearestSubspace(tensor([[1, 0], [0, 1]]), labels, options); // biome-ignore format: points
    expect(() => fitted.predict(zeros([1, 3]))).toThrow("expected features [n, 2]");
  });
});

test("the svm's optimum is the same whether it is sought among features or in the span of the samples", () => {
  scope(() => {
    const Z = random(4).normal([12, 40]); // more dimensions than samples
    const labels = labelled(Array.from({ length: 12 }, (_, i) => i % 3));
    using svm = linearSvm(Z, labels, { classes: 3 });
    const X = cat([Z.to("float64"), zeros([12, 1], { dtype: "float64" }).add(1)], 1);
    const W = cat([svm.weights, svm.intercepts.unsqueeze(1)], 1);
    const Y = aten<Tensor>("one_hot", labels, 3).T.to("float64").mul(2).sub(1);
    const hinge = W.matmul(X.T).mul(Y).neg().add(1).relu();
    const gradient = W.sub(hinge.mul(Y).matmul(X).mul(2)); // of ½‖w‖² + Σ hinge²
    expect(gradient.abs().max().item()).toBeLessThan(1e-7);
  });
});
