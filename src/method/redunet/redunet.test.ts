import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mcr2Loss, segments } from "../../rate/index.ts";
import {
  arange,
  aten,
  eye,
  gradients,
  random,
  saveTensors,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../tensor/index.ts";
import {
  buildLayer,
  buildReduNet,
  compression,
  expansion,
  fromState,
  loadReduNet,
  Spectrum,
  saveReduNet,
  stateDict,
} from "./index.ts";

const double = { dtype: "float64" } as const;
const worst = (a: Tensor, b: Tensor): number => scope(() => a.sub(b).abs().max().item());
const labelsOf = (n: number, classes: number): Tensor =>
  tensor(BigInt64Array.from({ length: n }, (_, i) => BigInt(i % classes)));

test("stepLayer: with certain memberships a layer is a gradient step on ΔR, scaled to the sphere", () => {
  scope(() => {
    const [n, d, K, epsSq, eta] = [60, 8, 3, 0.1, 0.5];
    const labels = labelsOf(n, K);
    const spread = random(1).normal([n, d], double);
    const offsets = random(2).normal([K, d], double).mul(3).indexSelect(0, labels);
    const X = spread.mul(0.2).add(offsets);
    const { net, features } = buildReduNet(X, labels, { layers: 1, classes: K, sharpness: 1e6, eta });
    using _owner = net;
    const Z = X.div(X.norm([1], true)).setRequiresGrad();
    const [gradient] = gradients(mcr2Loss(Z, labels, K, { epsilon: Math.sqrt(epsSq) }).loss, [Z]);
    const moved = Z.detach().sub(gradient!.mul(eta));
    expect(worst(features, moved.div(moved.norm([1], true)))).toBeLessThan(1e-12);
  });
});

test("a cyclic shift of the input shifts the features and leaves the memberships", () => {
  scope(() => {
    const X = random(3).normal([30, 3, 10]);
    const Y = random(4).normal([24, 2, 5, 6]);
    for (const [x, shift, dims] of [
      [X, [3], [2]],
      [Y, [2, 5], [2, 3]],
    ] as const) {
      const { net } = buildReduNet(x, labelsOf(x.size(0), 3), { layers: 6, classes: 3 });
      using _owner = net;
      const shifted = x.roll(shift, dims);
      expect(worst(net.transform(shifted), net.transform(x).roll(shift, dims))).toBeLessThan(2e-6);
      expect(net.predict(shifted).numbers()).toEqual(net.predict(x).numbers());
    }
  });
});

test("buildReduNet: features of the samples it was built from are those it gives them, with lifting too", () => {
  scope(() => {
    const X = random(5).normal([18, 2, 9]);
    const lift = { channels: 6, kernel: 3 };
    const options = { layers: 4, classes: 3, lift, random: random(6) };
    const { net, features } = buildReduNet(X, labelsOf(18, 3), options);
    using _owner = net;
    expect(features.shape).toEqual([18, 6, 9]);
    expect(worst(net.transform(X), features)).toBeLessThan(1e-5);
    expect(worst(features.reshape([18, -1]).norm([1]), zeros([18]).add(1))).toBeLessThan(1e-5);
    expect(worst(net.memberships(X).sum([1]), zeros([18]).add(1))).toBeLessThan(1e-5);
  });
});

test("a class without samples takes no part", () => {
  scope(() => {
    const X = random(7).normal([20, 6], double);
    const labels = labelsOf(20, 2);
    const build = (classes: number) => buildReduNet(X, labels, { layers: 1, classes });
    const [two, three] = [build(2), build(3)];
    using _a = two.net;
    using _b = three.net;
    expect(compression(three.net.layers[0]!).select(1, 2).abs().max().item()).toBe(0);
    expect(three.net.layers[0]!.gamma.numbers()).toEqual([0.5, 0.5, 0]);
    expect(worst(expansion(three.net.layers[0]!), expansion(two.net.layers[0]!))).toBe(0);
  });
});

test.each([
  { n: 6, C: 9, K: 2, dtype: "complex128", within: 1e-12 },
  { n: 6, C: 9, K: 2, dtype: "complex64", within: 1e-5 },
  { n: 50, C: 35, K: 3, dtype: "complex128", within: 1e-12 }, // all by C × C, classes by their samples
  { n: 50, C: 35, K: 3, dtype: "complex64", within: 1e-5 },
  { n: 230, C: 16, K: 2, dtype: "complex64", within: 1e-5 },
  { n: 7, C: 1, K: 7, dtype: "complex64", within: 1e-5 },
] as const)(
  "operators are α (I + α Σ v vᴴ)⁻¹ of all samples and of each class: %j",
  ({ n, C, K, dtype, within }) => {
    scope(() => {
      const epsSq = 0.1;
      const V = new Spectrum([C, 7]).forward(random(12).normal([n, C, 7], double)); // [P, n, C]
      const empty = 1; // class without samples, the last
      const { operators, gamma } = buildLayer(
        V.to(dtype),
        segments(labelsOf(n, K), K + empty),
        epsSq,
        "test",
      );
      const operator = (rows: Tensor) => {
        const alpha = C / (rows.size(1) * epsSq);
        const I = eye(C, { dtype: "complex128" });
        return aten("linalg_inv", I.add(rows.T.matmul(aten("conj", rows)).mul(alpha))).mul(alpha);
      };
      const of = (k: number) => V.indexSelect(1, arange(n, { start: k, step: K }));
      const each = Array.from({ length: K }, (_, k) => operator(of(k)));
      const all = operator(V);
      const expected = aten<Tensor>("stack", [all, ...each, all.mul(0)], 1);
      expect(worst(operators.to("complex128"), expected) / expected.abs().max().item()).toBeLessThan(within);
      expect(gamma.numel).toBe(K + empty);
      expect(operators.size(1)).toBe(1 + K + empty);
    });
  },
);

test("features too alike for single precision take double; those that are not finite are refused", () => {
  scope(() => {
    const [n, C] = [40, 6];
    const one = random(5).normal([1, C, 4], double);
    const V = new Spectrum([C, 4]).forward(one.expand([n, C, 4])); // all the same
    const classes = segments(labelsOf(n, 2), 2);
    const epsSq = 1e-9; // I is lost beside α Σ v vᴴ in single precision
    expect(() => buildLayer(V.to("complex64"), classes, epsSq, "layer 3")).toThrow(
      "layer 3: I + Gram matrix is not positive definite",
    );
    expect(buildLayer(V, classes, epsSq, "layer 3").operators.abs().max().isFinite().item()).toBe(1);
    expect(() => buildLayer(V.div(0), classes, 0.1, "layer 3")).toThrow("layer 3: features are not finite");
  });
});

test("an update moves the operators towards those of new samples, γ stays", () => {
  scope(() => {
    const [X, fresh] = [random(8).normal([20, 6], double), random(9).normal([20, 6], double)];
    const labels = labelsOf(20, 2);
    const build = (x: Tensor) => buildReduNet(x, labels, { layers: 3, classes: 2 }).net;
    using net = build(X);
    using other = build(fresh);
    const before = net.layers[0]!.operators.clone();
    net.update(fresh, labels, 0);
    expect(worst(net.layers[0]!.operators, before)).toBe(0);
    net.update(fresh, labels, 0.1);
    expect(
      worst(net.layers[0]!.operators, before.mul(0.9).add(other.layers[0]!.operators.mul(0.1))),
    ).toBeLessThan(1e-12);
    net.update(fresh, labels, 1);
    for (const [l, layer] of net.layers.entries())
      expect(worst(layer.operators, other.layers[l]!.operators)).toBeLessThan(1e-9);
    expect(() => net.update(fresh, labels, 2)).toThrow("expected 0 ≤ τ ≤ 1, got 2");
  });
});

test.each(["vector", "1d", "2d"] as const)("weights of the %s form go to official names and back", (form) => {
  const folder = mkdtempSync(join(tmpdir(), "redunet-"));
  scope(() => {
    const sample = { vector: [5], "1d": [3, 6], "2d": [1, 4, 5] }[form];
    const X = random(10).normal([12, ...sample]);
    const lift = form === "2d" ? { lift: { channels: 3, kernel: 2 }, random: random(11) } : {};
    const options = { layers: 2, classes: 2, ...lift };
    const { net } = buildReduNet(X, labelsOf(12, 2), options);
    using _owner = net;
    const names = [...stateDict(net).keys()];
    const layer = (l: number) => [`${l}.gam`, `${l}.E.weight`, `${l}.Cs.0.weight`, `${l}.Cs.1.weight`];
    expect(names).toEqual(
      form === "2d" ? ["0.kernel", ...layer(1), ...layer(2)] : [...layer(0), ...layer(1)],
    );
    const path = join(folder, "net.safetensors");
    saveReduNet(path, net);
    using copy = loadReduNet(path);
    expect(copy.settings).toEqual(net.settings);
    expect(worst(copy.transform(X), net.transform(X))).toBe(0);
    const state = stateDict(net);
    state.delete(names.at(-1)!);
    expect(() => fromState(state, net.settings)).toThrow(`the checkpoint has no "${names.at(-1)}"`);
    saveTensors(path, state);
    expect(() => loadReduNet(path)).toThrow("expected a ReduNet's file");
  });
  rmSync(folder, { recursive: true });
});

test("what does not fit is said", () => {
  scope(() => {
    const labels = labelsOf(6, 2);
    const build = (x: Tensor, y = labels, more = {}) =>
      buildReduNet(x, y, { layers: 2, classes: 2, ...more });
    expect(() => build(zeros([5, 3]))).toThrow("expected a label for each of 5 samples, got 6");
    expect(() => build(zeros([6, 3]).add(Number.NaN))).toThrow("redunet layer 0: features are not finite");
    expect(() => build(zeros([6, 3]), labels, { eta: -1 })).toThrow("expected eta > 0, got -1");
    expect(() => build(zeros([6, 3]), labels, { layers: 0 })).toThrow("expected layers to be a whole number");
    expect(() => build(zeros([6, 3]), labelsOf(6, 3))).toThrow("0 ≤ label < 2 classes, got 2 for sample 2");
    const lift = { channels: 2, kernel: 1 };
    expect(() => build(zeros([6, 3]), labels, { lift })).toThrow("lifting expects sequences or images");
    const { net } = build(random(1).normal([6, 3]));
    using _owner = net;
    expect(() => net.transform(zeros([1, 4]))).toThrow("expected samples [n, 3], got [1, 4] float32");
  });
});
