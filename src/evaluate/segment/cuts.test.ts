/** @file Cuts of graphs whose cut is known. */

import { expect, test } from "vitest";
import { eye, scope, tensor } from "../../tensor/index.ts";
import { area, boxOf } from "./mask.ts";
import { normalisedCut, patchAffinity } from "./normalised-cut.ts";
import { maskCut, tokenCut } from "./token-cut.ts";

/** One direction per name, in a grid given as text. */
const features = (names: string) => {
  const kinds = [...new Set(names)];
  return tensor([...names].map((name) => kinds.map((kind) => (kind === name ? 2 : 0))));
};

test("a graph of two blocks is cut between them, and v solves (D − A) v = μ D v with vᵀ D v = 1", () => {
  const A = scope(() => patchAffinity(features("aaaabb"), 0.5));
  const v = normalisedCut(A);
  expect(new Set([...v.slice(0, 4)].map(Math.sign)).size).toBe(1);
  expect(v[0]! * v[5]!).toBeLessThan(0);
  const rows = A.toArray() as number[][];
  const degrees = rows.map((row) => row.reduce((sum, x) => sum + x, 0));
  const left = rows.map((row, i) => degrees[i]! * v[i]! - row.reduce((sum, x, j) => sum + x * v[j]!, 0));
  const mu = left[0]! / (degrees[0]! * v[0]!);
  for (const [i, x] of left.entries()) expect(x).toBeCloseTo(mu * degrees[i]! * v[i]!, 10);
  expect(v.reduce((sum, x, i) => sum + degrees[i]! * x * x, 0)).toBeCloseTo(1, 10);
  expect(v.reduce((sum, x, i) => sum + degrees[i]! * x, 0)).toBeCloseTo(0, 10);
  A.dispose();
});

test("affinity: 1 above the threshold, 10⁻⁵ else; zeros are like nothing", () => {
  using X = tensor([
    [1, 0],
    [1, 1],
    [0, 0],
  ]);
  using A = patchAffinity(X, 0.8);
  expect((A.toArray() as number[][]).map((row) => row.map((x) => (x === 1 ? 1 : 0)))).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
  expect((A.toArray() as number[][])[2]![2]).toBeCloseTo(1e-5, 15);
});

const scene = ["......", ".aa...", ".aa.b.", "....b.", "......", "......"].join("");

test("tokenCut: the small block is the object", () => {
  using X = features(scene.replaceAll("b", "."));
  const mask = tokenCut(X, [6, 6]);
  expect([area(mask), boxOf(mask)]).toEqual([4, { left: 1, top: 1, right: 3, bottom: 3 }]);
  expect(() => tokenCut(X, [6, 5])).toThrow("expected features of 6 × 5 patches");
});

test("maskCut: one block after the other, never one patch twice", () => {
  using X = features(scene);
  const masks = maskCut(X, [6, 6]);
  const objects = masks.map(({ cells }) => [...scene].filter((_, at) => cells[at]).join(""));
  expect(objects.slice(0, 2).sort()).toEqual(["aaaa", "bb"]);
  const all = masks.reduce((sum, mask) => sum + area(mask), 0);
  const together = [...scene].filter((_, at) => masks.some(({ cells }) => cells[at])).length;
  expect(all).toBe(together);
});

test("a cut needs a square affinity", () => {
  using one = eye(1);
  expect(() => normalisedCut(one)).toThrow("two patches or more");
});
