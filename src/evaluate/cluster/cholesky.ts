/**
 * @file The Cholesky factor of a matrix whose variables come and go: Rᵀ R = H + l2 on the active ones. R is upper triangular,
 * rows of length m one after the other.
 */

/** Least pivot, as a share of the diagonal: a variable that depends on others linearly counts as barely independent. */
const PIVOT = 1e-10;

/** Extends R by the last of the active variables. */
export function appendVariable(
  R: Float64Array,
  H: Float64Array,
  active: readonly number[],
  l2: number,
): void {
  const m = Math.sqrt(H.length);
  const last = active.length - 1;
  const row = active[last]! * m;
  const x = Float64Array.from(active, (i) => H[row + i]!);
  const own = x[last]!;
  x[last]! += l2;
  for (let t = 0; t < last; t++) {
    const value = x[t]! / R[t * m + t]!;
    R[t * m + last] = value;
    for (let s = t + 1, at = t * m + s; s <= last; s++, at++) x[s]! -= R[at]! * value;
  }
  R[last * m + last] = Math.sqrt(Math.max(x[last]!, PIVOT * own, Number.MIN_VALUE));
}

/** Takes the variable at place `p` out of the factor of `size` variables. */
export function removeVariable(R: Float64Array, m: number, size: number, p: number): void {
  const w = R.slice(p * m + p + 1, p * m + size); // its row right of the diagonal
  for (let t = 0; t < p; t++) R.copyWithin(t * m + p, t * m + p + 1, t * m + size);
  for (let t = p + 1; t < size; t++) R.copyWithin((t - 1) * m + t - 1, t * m + t, t * m + size);
  // what it explained of the others comes back: Rᵀ R + w wᵀ, by rotations
  for (let k = 0; k < w.length; k++) {
    const at = (p + k) * m + p;
    const [a, b] = [R[at + k]!, w[k]!];
    const length = Math.hypot(a, b);
    const [cos, sin] = [a / length, b / length];
    R[at + k] = length;
    for (let i = k + 1; i < w.length; i++) {
      const [r, v] = [R[at + i]!, w[i]!];
      R[at + i] = cos * r + sin * v;
      w[i] = cos * v - sin * r;
    }
  }
}

/** Solves Rᵀ R x = target in place. */
export function solve(R: Float64Array, target: Float64Array, m: number): void {
  const size = target.length;
  for (let t = 0; t < size; t++) {
    const value = target[t]! / R[t * m + t]!;
    target[t] = value;
    for (let s = t + 1, at = t * m + s; s < size; s++, at++) target[s]! -= R[at]! * value;
  }
  for (let t = size - 1; t >= 0; t--) {
    let sum = target[t]!;
    for (let s = t + 1, at = t * m + s; s < size; s++, at++) sum -= R[at]! * target[s]!;
    target[t] = sum / R[t * m + t]!;
  }
}
