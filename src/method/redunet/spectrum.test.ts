import { expect, test } from "vitest";
import { aten, cat, eye, random, scope, type Tensor, zeros } from "../../tensor/index.ts";
import { cyclicShifts, layerRates, lift, liftKernel, Spectrum } from "./index.ts";

const double = { dtype: "float64" } as const;
const worst = (a: Tensor, b: Tensor): number => scope(() => a.sub(b).abs().max().item());

test.each([[[4]], [[3, 7]], [[3, 8]], [[2, 5, 6]], [[2, 4, 7]], [[2, 3, 1]]])(
  "spectra of samples %j go back",
  (sample) => {
    scope(() => {
      for (const norm of ["ortho", "backward"] as const) {
        const spectrum = new Spectrum(sample, norm);
        const Z = random(1).normal([5, ...sample], double);
        const V = spectrum.forward(Z);
        expect(V.shape).toEqual([spectrum.frequencies, 5, sample[0]]);
        expect(worst(spectrum.inverse(V), Z)).toBeLessThan(1e-14);
        expect(worst(spectrum.norm(V), Z.reshape([5, -1]).norm([1]))).toBeLessThan(1e-13); // Parseval
      }
    });
  },
);

test("half the operators unfold to all frequencies, and fold back", () => {
  scope(() => {
    for (const sample of [
      [3, 5],
      [3, 6],
      [2, 4, 5],
      [2, 5, 6],
    ]) {
      const spectrum = new Spectrum(sample);
      const grid = sample.slice(1);
      const dims = grid.map((_, i) => i - grid.length);
      const kernel = random(2).normal([sample[0]!, sample[0]!, ...grid], double);
      const full = aten("fft_fftn", kernel, null, dims);
      const half = spectrum.fold(full);
      expect(half.size(0)).toBe(spectrum.frequencies);
      expect(worst(spectrum.unfold(half), full)).toBeLessThan(1e-13);
    }
  });
});

test("with the plain DFT the rate is that of all cyclic shifts, with the orthogonal one ε² counts T-fold", () => {
  scope(() => {
    const [n, C, T, epsSq] = [6, 3, 8, 0.1];
    const Z = random(3).normal([n, C, T], double);
    const shifted = cat(Array.from({ length: T }, (_, t) => Z.roll([t], [2]))).reshape([n * T, C * T]);
    const G = shifted.T.matmul(shifted).mul((C * T) / (n * T * epsSq));
    const exact = aten("logdet", eye(C * T, double).add(G)).item() / 2;
    const labels = zeros([n], { dtype: "int64" });
    const rate = (norm: "ortho" | "backward", eps: number) => {
      const spectrum = new Spectrum([C, T], norm);
      const by = { predicted: labels, labels, gamma: zeros([1], double).add(1) };
      return layerRates(spectrum.forward(Z), spectrum, eps, by, "test").rate * T;
    };
    expect(rate("backward", epsSq)).toBeCloseTo(exact, 10);
    expect(rate("ortho", epsSq / T)).toBeCloseTo(exact, 10);
    expect(rate("ortho", epsSq)).toBeLessThan(exact);
  });
});

test("lifting commutes with cyclic shifts", () => {
  scope(() => {
    for (const dims of [1, 2] as const) {
      const X = random(4).normal([2, 3, ...[9, 7].slice(0, dims)]);
      const kernel = liftKernel(3, dims, { channels: 5, kernel: 4 }, random(5));
      const shift = (x: Tensor) => x.roll([2, 3].slice(0, dims), [2, 3].slice(0, dims));
      expect(lift(X, kernel).shape).toEqual([2, 5, ...X.shape.slice(2)]);
      expect(worst(lift(shift(X), kernel), shift(lift(X, kernel)))).toBeLessThan(1e-5);
    }
    const bounded = liftKernel(3, 1, { channels: 5, kernel: 9, start: "uniform(0.1)" }, random(6));
    expect(bounded.abs().max().item()).toBeLessThanOrEqual(0.1);
    expect(() => lift(zeros([1, 3, 8]), bounded)).toThrow("at least 9 per dimension");
  });
});

test("shifts of a batch come one after the other", () => {
  scope(() => {
    const X = random(7).normal([2, 1, 6, 6]);
    const shifted = cyclicShifts(X, 2, 2);
    expect(shifted.shape).toEqual([50, 1, 6, 6]);
    expect(worst(shifted.narrow(0, 24, 2), X)).toBe(0); // the middle one is unshifted
    expect(worst(shifted.narrow(0, 0, 2), X.roll([-4, -4], [2, 3]))).toBe(0);
  });
});
