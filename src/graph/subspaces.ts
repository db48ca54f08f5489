/** @file How the subspaces of heads lie to one another, and what patches their directions are, in plain JavaScript. */

import type { Graph } from "./graph.ts";
import type { Subspaces } from "./rates.ts";
import type { Value } from "./value.ts";

/** Columns of A [rows, columns], each an array. */
export type ColumnsOf = readonly Float64Array[];

/** The p vectors of head k, each of d numbers. */
export function headColumns({ heads: K, width: p, data }: Subspaces, k: number): Float64Array[] {
  const d = data.length / (K * p);
  return Array.from({ length: p }, (_, j) =>
    Float64Array.from({ length: d }, (_, i) => data[i * K * p + k * p + j]!),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** An orthonormal basis of the span, by modified Gram and Schmidt, twice; directions of nothing are left out. */
export function basisOf(columns: ColumnsOf): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const column of columns) {
    const v = column.slice();
    const before = Math.sqrt(dot(v, v));
    for (let round = 0; round < 2; round++)
      for (const q of basis) {
        const share = dot(q, v);
        for (let i = 0; i < v.length; i++) v[i]! -= share * q[i]!;
      }
    const length = Math.sqrt(dot(v, v));
    if (length > 1e-10 * before) basis.push(v.map((x) => x / length));
  }
  return basis;
}

/** Singular values, falling: one-sided Jacobi turns pairs of columns until all are orthogonal. */
export function singularValues(given: ColumnsOf): number[] {
  const A = given.map((column) => column.slice());
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let i = 0; i < A.length; i++)
      for (let j = i + 1; j < A.length; j++) turned = turn(A[i]!, A[j]!) || turned;
  }
  return A.map((column) => Math.sqrt(dot(column, column))).sort((a, b) => b - a);
}

/** Makes two columns orthogonal. @returns whether they were not */
function turn(a: Float64Array, b: Float64Array): boolean {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(ab) <= 1e-12 * Math.sqrt(aa * bb) || ab === 0) return false;
  const zeta = (bb - aa) / (2 * ab);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = c * t;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    a[i] = c * x - s * y;
    b[i] = s * x + c * y;
  }
  return true;
}

/**
 * Cosines of the principal angles between two spans, falling: the singular values of PᵀQ of their orthonormal bases.
 * Of random subspaces of dimensions p in d they are √(p/d) in the root of the mean square.
 */
export function principalCosines(P: ColumnsOf, Q: ColumnsOf): number[] {
  const product = Q.map((q) => Float64Array.from(P, (p) => dot(p, q)));
  return singularValues(product).map((cosine) => Math.min(1, cosine));
}

/** The linear map from patches to tokens. */
export interface PatchMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** For a direction u of tokens the patch w with ⟨u, W x⟩ = ⟨w, x⟩: [channels, height, width] */
  pullBack(u: Float64Array): Float64Array;
}

/** The patch embedding of a network of images; nothing where there is none. */
export function patchMapOf({ nodes, constants, inputs }: Graph, channels: number): PatchMap | undefined {
  const image = inputs.find(({ dims }) => dims.length === 4);
  const own = nodes.filter(({ name }) => /(^|\.)embedding\b|(^|\.)patch_embed/.test(name.split("/")[0]!));
  if (image === undefined) return undefined;
  for (const { operator, inputs: names } of own) {
    const W = constants.get(names[1] ?? "");
    if (operator === "Conv" && W?.dims.length === 4) return byConvolution(W);
    if (operator === "MatMul" && W?.dims.length === 2) return byRows(W, channels);
  }
  return undefined;
}

/** W [d, channels, height, width] */
function byConvolution({ dims, data }: Value): PatchMap {
  const [d, channels, height, width] = dims as [number, number, number, number];
  const size = channels * height * width;
  return {
    ...{ channels, height, width },
    pullBack(u) {
      const patch = new Float64Array(size);
      for (let i = 0; i < d; i++) for (let j = 0; j < size; j++) patch[j]! += u[i]! * data[i * size + j]!;
      return patch;
    },
  };
}

/** W [height · width · channels, d] of square patches, in a patch row, column, channel. */
function byRows({ dims, data }: Value, channels: number): PatchMap | undefined {
  const [size, d] = dims as [number, number];
  const area = size / channels;
  const side = Math.round(Math.sqrt(area));
  if (side * side !== area) return undefined;
  return {
    ...{ channels, height: side, width: side },
    pullBack(u) {
      const patch = new Float64Array(size);
      for (let at = 0; at < size; at++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += data[at * d + i]! * u[i]!;
        patch[(at % channels) * area + Math.floor(at / channels)] = sum;
      }
      return patch;
    },
  };
}
