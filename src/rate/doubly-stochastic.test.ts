import fc from "fast-check";
import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { normal, parameter } from "../../test/rates.ts";
import { toSphere } from "../nn/index.ts";
import { eye, gradients, random, scope, type Tensor, zeros } from "../tensor/index.ts";
import { membership, sinkhorn, symmetrised } from "./index.ts";

/** The iterations as they are written, from zero potentials: row, column, …, row; times n. */
function iterated(A: Tensor, eta: number, halfSteps: number): Tensor {
  const n = A.size(0);
  let [u, v] = [zeros([n, 1], { dtype: A.dtype }), zeros([1, n], { dtype: A.dtype })];
  const target = Math.log(1 / n);
  for (let i = 0; i < halfSteps; i++)
    if (i % 2 === 0) u = A.add(v).div(eta).logsumexp([1], true).neg().add(target).mul(eta);
    else v = A.add(u).div(eta).logsumexp([0], true).neg().add(target).mul(eta).detach();
  return A.add(u).add(v).div(eta).exp().mul(n);
}

const far = (sums: readonly number[]): number => Math.max(...sums.map((sum) => Math.abs(sum - 1)));

test("sinkhorn: the iterations themselves, in value and gradient, with the columns' potential held", () => {
  scope(() => {
    for (const halfSteps of [1, 5, 9]) {
      const A = parameter(normal("A", [12, 12]).abs().detach());
      const outer = normal("outer", [12, 12]);
      const ours = sinkhorn(A, { temperature: 0.3, halfSteps });
      const theirs = iterated(A, 0.3, halfSteps);
      expectClose(ours, theirs);
      const [slope] = gradients(ours, [A], { outer }) as [Tensor];
      expectClose(slope, gradients(theirs, [A], { outer })[0]!);
    }
  });
});

test("membership: rows sum to 1, columns nearly after five half-iterations and fully after many", () => {
  scope(() => {
    const centres = normal("centres", [4, 8]);
    const C = toSphere(
      centres
        .unsqueeze(1)
        .add(normal("C", [4, 30, 8]).mul(0.3))
        .reshape([120, 8]),
    );
    const few = membership(C, { temperature: 0.175 });
    expect(far(few.sum(1).numbers())).toBeLessThan(1e-12);
    expect(far(few.sum(0).numbers())).toBeLessThan(0.02);
    expect(far(few.sum(0).numbers())).toBeGreaterThan(1e-6);
    const many = membership(C, { temperature: 0.175, halfSteps: 201 });
    expect(far(many.sum(0).numbers())).toBeLessThan(1e-6);
    const [skew, even] = [few, symmetrised(few)].map((Pi) => Pi.sub(Pi.T).abs().max().item());
    expect(skew).toBeGreaterThan(0);
    expect(even).toBe(0);
  });
});

test("small temperatures give a permutation, large ones the uniform matrix", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(1000), (n, seed) => {
      scope(() => {
        const C = toSphere(random(seed).normal([n, 64], { dtype: "float64" }));
        const cold = membership(C, { temperature: 0.01 });
        expect(
          cold
            .sub(eye(n, { dtype: "float64" }))
            .abs()
            .max()
            .item(),
        ).toBeLessThan(1e-6);
        const hot = membership(C, { temperature: 1e6 });
        expect(
          hot
            .sub(1 / n)
            .abs()
            .max()
            .item(),
        ).toBeLessThan(1e-6);
      });
    }),
    { seed: 4, numRuns: 20 },
  );
});

test("what does not fit is said", () => {
  scope(() => {
    const A = normal("A", [3, 3]);
    expect(() => sinkhorn(A.narrow(0, 0, 2), { temperature: 1 })).toThrow("[n, n], got [2, 3]");
    expect(() => sinkhorn(A, { temperature: 0 })).toThrow("above 0, got 0");
    expect(() => sinkhorn(A, { temperature: 1, halfSteps: 4 })).toThrow(
      "odd number of half-iterations, got 4",
    );
  });
});
