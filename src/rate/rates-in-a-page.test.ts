/** @file Rates of the page are those of libtorch. */

import { expect, test } from "vitest";
import { authorsRate, nonZero, paperRate, tokenRate } from "../graph/index.ts";
import { random, scope } from "../tensor/index.ts";
import {
  authorsLayerRate as authors,
  paperLayerRate as paper,
  codingRate as R,
  nonZeroShare as share,
} from "./index.ts";

test("rates and sparsity equal libtorch's to 1e-5, for more tokens than dimensions and for less", () => {
  for (const n of [4, 30])
    scope(() => {
      const draws = random(n);
      const Z = draws.at("Z").normal([3, n, 8]).relu();
      const U = draws.at("U").normal([2, 8, 6]); //                            [K, d, p]
      const W = draws.at("W").normal([3, 2, n, 6]);
      const value = (tensor: typeof Z) =>
        ({ type: "float32", dims: tensor.shape, data: Float32Array.from(tensor.numbers()) }) as const;
      const close = (ours: number[], theirs: { numbers(): number[] }) => {
        for (const [i, expected] of theirs.numbers().entries())
          expect(Math.abs(ours[i]! / expected - 1)).toBeLessThan(1e-5);
      };
      close(authorsRate(value(W), 0.01), authors(W, 0.01));
      close(tokenRate(value(Z), 0.5), R(Z, { epsilon: 0.5 }));
      close(nonZero(value(Z)), share(Z));
      const flat = value(U.permute([1, 0, 2]).contiguous().reshape([8, 12]));
      close(paperRate(value(Z), { heads: 2, width: 6, data: flat.data }, 0.5), paper(Z, U, { epsilon: 0.5 }));
    });
});
