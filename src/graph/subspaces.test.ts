import { expect, test } from "vitest";
import { basisOf, principalCosines, singularValues } from "./subspaces.ts";

const columns = (...given: number[][]) => given.map((column) => Float64Array.from(column));

test("singular values of a matrix that is known", () => {
  // [[3, 0], [4, 5]]: √45 and √5
  const [first, second] = singularValues(columns([3, 4], [0, 5])) as [number, number];
  expect(first).toBeCloseTo(Math.sqrt(45), 12);
  expect(second).toBeCloseTo(Math.sqrt(5), 12);
});

test("principal cosines: the same span 1, orthogonal 0, two planes that share a line 1 and the cosine of their angle", () => {
  const a = Math.PI / 6;
  const plane = basisOf(columns([1, 0, 0], [1, 2, 0]));
  const tilted = basisOf(columns([1, 0, 0], [0, Math.cos(a), Math.sin(a)]));
  for (const cosine of principalCosines(plane, basisOf(columns([1, 1, 0], [0, 3, 0]))))
    expect(cosine).toBeCloseTo(1, 12);
  expect(principalCosines(basisOf(columns([1, 0, 0])), basisOf(columns([0, 1, 0])))[0]).toBe(0);
  const [shared, other] = principalCosines(plane, tilted) as [number, number];
  expect(shared).toBeCloseTo(1, 12);
  expect(other).toBeCloseTo(Math.cos(a), 12);
});

test("a basis leaves out what lies in the span already", () => {
  expect(basisOf(columns([1, 2, 2], [2, 4, 4], [0, 0, 0]))).toHaveLength(1);
});
