import fc from "fast-check";
import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { byLogdet, close, normal, parameter } from "../../test/rates.ts";
import { aten, eye, gradients, random, scope, stack, type Tensor, tensor } from "../tensor/index.ts";
import { halfLogDet, logDet1p, rateAgainstMemberships, rateAgainstSubspaces } from "./index.ts";

/** Largest entry of (f(x + h e) − f(x − h e)) / 2h − gradient, over all entries. */
function differenceError(f: (x: Tensor) => Tensor, x: Tensor, gradient: Tensor, h = 1e-5): number {
  const [values, slopes] = [x.detach().data() as Float64Array, gradient.numbers()];
  const at = (i: number, by: number): number =>
    scope(() => {
      const moved = Float64Array.from(values);
      moved[i]! += by;
      return f(tensor(moved, { shape: x.shape }))
        .sum()
        .item();
    });
  return Math.max(...slopes.map((slope, i) => Math.abs((at(i, h) - at(i, -h)) / (2 * h) - slope)));
}

test.each([[[6, 4]], [[4, 6]], [[2, 3, 5, 4]], [[3, 4, 9]]])(
  "E2: the closed gradient of R at %j is autograd's to 1e-10 and central differences' to 1e-6",
  (shape) => {
    scope(() => {
      const W = parameter(normal("W", shape));
      const outer = normal("outer", shape.slice(0, -2));
      const [ours] = gradients(halfLogDet(W, 0.7), [W], { outer }) as [Tensor];
      const [theirs] = gradients(byLogdet(W, 0.7), [W], { outer }) as [Tensor];
      expectClose(ours, theirs);
      expect(differenceError((x) => halfLogDet(x, 0.7).mul(outer), W, ours)).toBeLessThan(1e-6);
    });
  },
);

test("the gradient of log det(I + G) is autograd's and central differences'", () => {
  scope(() => {
    const A = normal("A", [3, 5, 5]);
    const G = parameter(A.matmul(A.T).detach());
    const [ours] = gradients(logDet1p(G).sum(), [G]) as [Tensor];
    const I = eye(5, { dtype: "float64" });
    const [theirs] = gradients(aten("logdet", G.add(I)).sum(), [G]) as [Tensor];
    expectClose(ours, theirs);
    expect(differenceError(logDet1p, G, ours)).toBeLessThan(1e-6);
  });
});

test("E2: gradients of Rᶜ against subspaces, in Z and in U", () => {
  scope(() => {
    const [Z, U] = [parameter(normal("Z", [2, 6, 8])), parameter(normal("U", [3, 8, 2]))];
    const gamma = 2 / (6 * 0.25);
    const ours = gradients(rateAgainstSubspaces(Z, U, { epsilon: 0.5 }).sum(), [Z, U]);
    const plain = () => byLogdet(Z.unsqueeze(1).matmul(U), gamma).sum();
    const theirs = gradients(plain(), [Z, U]);
    ours.forEach((g, i) => {
      expectClose(g, theirs[i]!);
    });
    // γ Σₖ Uₖ (I + γ WₖWₖᵀ)⁻¹ Wₖ, one sample per row
    const closed = stack(
      Z.unbind(0).map((z) => {
        const terms = U.unbind(0).map((u) => {
          const W = z.matmul(u);
          const M = W.T.matmul(W)
            .mul(gamma)
            .add(eye(2, { dtype: "float64" }));
          return W.matmul(aten("linalg_inv", M)).matmul(u.T).mul(gamma);
        });
        return terms.reduce((sum, term) => sum.add(term));
      }),
    );
    expectClose(ours[0]!, closed);
    expect(differenceError((z) => rateAgainstSubspaces(z, U, { epsilon: 0.5 }), Z, ours[0]!)).toBeLessThan(
      1e-6,
    );
  });
});

test("E2: gradients of Rᶜ against memberships, in Z and in Π", () => {
  scope(() => {
    const Z = parameter(normal("Z", [9, 4]));
    const Pi = parameter(normal("Pi", [9, 3]).softmax(1).detach());
    const plain = (z: Tensor, pi: Tensor): Tensor => {
      const terms = pi.unbind(1).map((column) => {
        const count = column.sum();
        const G = z.T.mul(column)
          .matmul(z)
          .mul(4 / 0.25)
          .div(count);
        return aten("logdet", G.add(eye(4, { dtype: "float64" })))
          .mul(count)
          .div(18);
      });
      return terms.reduce((sum, term) => sum.add(term));
    };
    close(rateAgainstMemberships(Z, Pi, { epsilon: 0.5 }).item(), plain(Z, Pi).item());
    const ours = gradients(rateAgainstMemberships(Z, Pi, { epsilon: 0.5 }), [Z, Pi]);
    gradients(plain(Z, Pi), [Z, Pi]).forEach((g, i) => {
      expectClose(ours[i]!, g);
    });
    expect(differenceError((z) => rateAgainstMemberships(z, Pi, { epsilon: 0.5 }), Z, ours[0]!)).toBeLessThan(
      1e-6,
    );
    expect(
      differenceError((pi) => rateAgainstMemberships(Z, pi, { epsilon: 0.5 }), Pi, ours[1]!),
    ).toBeLessThan(1e-6);
  });
});

test.each([[[6, 4]], [[4, 6]], [[2, 5, 3]]])(
  "E3: the Hessian's action at %j is autograd's, and the formula's",
  (shape) => {
    scope(() => {
      const alpha = 0.8;
      const [W, D] = [parameter(normal("W", shape)), normal("D", shape)];
      const action = (rate: Tensor): Tensor => {
        const [first] = gradients(rate.sum(), [W], { createGraph: true }) as [Tensor];
        return gradients(first.mul(D).sum(), [W])[0]!;
      };
      const ours = action(halfLogDet(W, alpha));
      expectClose(ours, action(byLogdet(W, alpha)));
      // one sample per row: α Δ M − α² W M (Wᵀ Δ + Δᵀ W) M
      const M = aten(
        "linalg_inv",
        W.T.matmul(W)
          .mul(alpha)
          .add(eye(shape.at(-1)!, { dtype: "float64" })),
      );
      const cross = W.T.matmul(D).add(D.T.matmul(W));
      const formula = D.matmul(M)
        .mul(alpha)
        .sub(
          W.matmul(M)
            .matmul(cross)
            .matmul(M)
            .mul(alpha ** 2),
        );
      expectClose(ours, formula);
    });
  },
);

test("the second derivative of log det(I + G) is autograd's", () => {
  scope(() => {
    const A = normal("A", [4, 4]);
    const G = parameter(A.matmul(A.T).detach());
    const D = normal("D", [4, 4]);
    const action = (rate: Tensor): Tensor => {
      const [first] = gradients(rate, [G], { createGraph: true }) as [Tensor];
      return gradients(first.mul(D.add(D.T)).sum(), [G])[0]!;
    };
    const theirs = action(aten("logdet", G.add(eye(4, { dtype: "float64" }))));
    expectClose(action(logDet1p(G)), theirs.add(theirs.T).mul(0.5));
  });
});

test("E3: ‖∇²R[Δ]‖ ≤ 9α/4 ‖Δ‖", () => {
  const size = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(
      size,
      size,
      fc.double({ min: 0.05, max: 5, noNaN: true }),
      fc.nat(1000),
      (n, d, alpha, seed) => {
        scope(() => {
          const stream = random(seed);
          const [W, D] = [
            parameter(stream.at("W").normal([n, d], { dtype: "float64" })),
            stream.at("D").normal([n, d], { dtype: "float64" }),
          ];
          const [first] = gradients(halfLogDet(W, alpha), [W], { createGraph: true }) as [Tensor];
          const action = gradients(first.mul(D).sum(), [W])[0]!;
          expect(action.norm().item()).toBeLessThanOrEqual(2.25 * alpha * D.norm().item());
        });
      },
    ),
    { seed: 6, numRuns: 60 },
  );
});
