/** @file Complex numbers and Fourier transforms in real arithmetic: pairs along a last axis, products with block matrices. */

import { type Emitter, type Id, isComplex, pairs, type Rule } from "./emitter.ts";

/** The real matrix that acts on pairs as M does on complex numbers: [rows, columns, 2] → [2 rows, 2 columns]. */
function onPairs(M: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(4 * rows * columns);
  const width = 2 * columns;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const [re, im] = [M[2 * (i * columns + j)]!, M[2 * (i * columns + j) + 1]!];
      out[2 * i * width + 2 * j] = re;
      out[2 * i * width + 2 * j + 1] = im;
      out[(2 * i + 1) * width + 2 * j] = -im;
      out[(2 * i + 1) * width + 2 * j + 1] = re;
    }
  return out;
}

/** Rows of complex numbers times a constant complex matrix; of real ones a plain product. */
const matmul: Rule = (call, e) => {
  const [self, other] = [call.tensor("self"), call.tensor("other")];
  if (!isComplex(call.out)) return e.node("MatMul", [call.id("self"), call.id("other")]);
  if (other.live || !isComplex(self))
    throw e.refusal("a product of complex tensors that both depend on the input");
  const batch = other.shape.slice(0, -2);
  const [rows, columns] = other.shape.slice(-2) as [number, number];
  const data = e.valueOf(other).data as Float32Array;
  const size = 2 * rows * columns;
  const real = new Float32Array(2 * data.length);
  for (let q = 0; q < data.length / size; q++)
    real.set(onPairs(data.subarray(q * size, (q + 1) * size), rows, columns), 2 * q * size);
  const matrix = e.floats([...batch, 2 * rows, 2 * columns], real, "other");
  return e.reshaped(
    e.node("MatMul", [flatPairs(call.id("self"), pairs(self), e.varying(self), e), matrix]),
    call.out,
  );
};

/** [..., n, 2] → [..., 2 n] */
function flatPairs(id: Id, dims: readonly number[], varying: readonly number[], e: Emitter): Id {
  const sizes = dims.slice(0, -2).map((size, i) => (varying.includes(i) ? -1 : size));
  return e.node("Reshape", [id, e.list([...sizes, 2 * dims.at(-2)!])]);
}

/** exp(∓2πi jk/n) s, [n, n, 2]. */
function fourier(n: number, sign: 1 | -1, scale: number): Float32Array {
  const out = new Float32Array(2 * n * n);
  for (let j = 0; j < n; j++)
    for (let k = 0; k < n; k++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n;
      out[2 * (j * n + k)] = scale * Math.cos(angle);
      out[2 * (j * n + k) + 1] = scale * Math.sin(angle);
    }
  return out;
}

/** "ortho" divides by √n on both ways, "backward" by n on the way back. */
function scaleOf(norm: unknown, n: number, back: boolean, e: Emitter): number {
  if (norm === "ortho") return 1 / Math.sqrt(n);
  if (norm === "backward" || norm === null) return back ? 1 / n : 1;
  throw e.refusal(`a Fourier transform scaled by "${norm}"`);
}

/** A complex transform along an axis that is not the last; dims are those of the pairs. */
function along(
  id: Id,
  dims: readonly number[],
  axis: number,
  matrix: Id,
  varying: readonly number[],
  e: Emitter,
): Id {
  const last = dims.length - 2;
  const perm = dims.map((_, i) => i);
  [perm[axis], perm[last]] = [last, axis];
  const moved = perm.map((i) => dims[i]!);
  const flat = flatPairs(e.node("Transpose", [id], { perm }), moved, varying, e);
  const sizes = moved.map((size, i) => (varying.includes(i) ? -1 : size));
  const made = e.node("Reshape", [e.node("MatMul", [flat, matrix]), e.list(sizes)]);
  return e.node("Transpose", [made], { perm });
}

/** The last axes of samples [n, C, …], real → half of the frequencies. */
const rfftn: Rule = (call, e) => {
  const self = call.tensor("self");
  const axes = call.list("dim").map((axis) => (axis < 0 ? axis + self.shape.length : axis));
  const last = self.shape.length - 1;
  if (axes.at(-1) !== last || call.plain("s") !== null)
    throw e.refusal("a Fourier transform of other than the last axes");
  const n = self.shape[last]!;
  const half = Math.floor(n / 2) + 1;
  const whole = fourier(n, -1, scaleOf(call.plain("norm"), n, false, e));
  const kept = new Float32Array(2 * n * half);
  for (let j = 0; j < n; j++) kept.set(whole.subarray(2 * j * n, 2 * (j * n + half)), 2 * j * half);
  let id = e.reshaped(
    e.node("MatMul", [call.id("self"), e.floats([n, 2 * half], kept, "frequencies")]),
    call.out,
  );
  for (const axis of axes.slice(0, -1)) {
    const size = self.shape[axis]!;
    const matrix = onPairs(fourier(size, -1, scaleOf(call.plain("norm"), size, false, e)), size, size);
    id = along(
      id,
      pairs(call.out),
      axis,
      e.floats([2 * size, 2 * size], matrix, `frequencies.${axis}`),
      e.varying(call.out),
      e,
    );
  }
  return id;
};

/** Its inverse: each frequency but the first (and of even lengths the last) stands for two. */
const irfftn: Rule = (call, e) => {
  const self = call.tensor("self");
  const axes = call.list("dim").map((axis) => (axis < 0 ? axis + self.shape.length : axis));
  const last = self.shape.length - 1;
  if (axes.at(-1) !== last) throw e.refusal("a Fourier transform of other than the last axes");
  let id = call.id("self");
  for (const axis of axes.slice(0, -1)) {
    const size = self.shape[axis]!;
    const matrix = onPairs(fourier(size, 1, scaleOf(call.plain("norm"), size, true, e)), size, size);
    id = along(
      id,
      pairs(self),
      axis,
      e.floats([2 * size, 2 * size], matrix, `samples.${axis}`),
      e.varying(self),
      e,
    );
  }
  const n = call.out.shape[last]!;
  const half = self.shape[last]!;
  const scale = scaleOf(call.plain("norm"), n, true, e);
  const matrix = new Float32Array(2 * half * n);
  for (let k = 0; k < half; k++)
    for (let t = 0; t < n; t++) {
      const angle = (2 * Math.PI * ((k * t) % n)) / n;
      const twice = (k === 0 || 2 * k === n ? 1 : 2) * scale;
      matrix[2 * k * n + t] = twice * Math.cos(angle);
      matrix[(2 * k + 1) * n + t] = -twice * Math.sin(angle);
    }
  const flat = flatPairs(id, pairs(self), e.varying(self), e);
  return e.node("MatMul", [flat, e.floats([2 * half, n], matrix, "samples")]);
};

const pass: Rule = (call) => call.id("self");

export const complexRules = {
  ...{
    matmul,
    fft_rfftn: rfftn,
    fft_irfftn: irfftn,
    view_as_real: pass,
    view_as_complex: pass,
    resolve_conj: pass,
  },
} satisfies Record<string, Rule>;
