/** @file The elastic net on few variables, exactly: an active-set method that adds and drops one at a time. */

import { NotFiniteError } from "../../tensor/index.ts";
import { appendVariable, removeVariable, solve } from "./cholesky.ts";

/**
 * Minimises over c
 *
 *     ½ cᵀ H c − bᵀ c + λ ‖c‖₁ + μ/2 ‖c‖²
 *
 * from the c given, which becomes the minimiser: at it |b − (H + μ) c| is λ where c is not 0, and at most λ (to a share of
 * 1e-9) where it is.
 *
 * @param H symmetric, positive semidefinite, rows one after the other, [m · m]
 * @param c a start, [m]; its non-zeros are taken as active
 */
export function elasticNet(
  H: Float64Array,
  b: Float64Array,
  c: Float64Array,
  { l1, l2 }: { l1: number; l2: number },
): void {
  const m = b.length;
  const signs = Float64Array.from(c, Math.sign);
  const active: number[] = [];
  const R = new Float64Array(m * m);
  const add = (i: number) => {
    active.push(i);
    appendVariable(R, H, active, l2);
  };
  for (let i = 0; i < m; i++) if (c[i] !== 0) add(i);
  for (let step = 0; step < 20 * m + 100; step++) {
    const target = Float64Array.from(active, (i) => b[i]! - l1 * signs[i]!);
    solve(R, target, m);
    const blocked = walk(c, active, target, signs);
    if (blocked >= 0) {
      removeVariable(R, m, active.length, blocked);
      active.splice(blocked, 1);
      continue;
    }
    const { at, gradient } = steepest(H, b, c, active, signs);
    if (Math.abs(gradient) <= l1 * (1 + 1e-9)) return;
    signs[at] = Math.sign(gradient);
    add(at);
  }
  throw new NotFiniteError("elastic net: no optimum; the features may be badly scaled");
}

/** Moves c on its active part towards `target` until one of them would change sign: its place in the list, or −1. */
function walk(c: Float64Array, active: readonly number[], target: Float64Array, signs: Float64Array): number {
  let share = 1;
  let blocked = -1;
  for (const [at, i] of active.entries()) {
    if (target[at]! * signs[i]! > 0) continue;
    const crossing = c[i]! === target[at]! ? 0 : c[i]! / (c[i]! - target[at]!);
    if (crossing < share || blocked < 0) [share, blocked] = [crossing, at];
  }
  for (const [at, i] of active.entries()) c[i] = at === blocked ? 0 : c[i]! + share * (target[at]! - c[i]!);
  if (blocked >= 0) signs[active[blocked]!] = 0;
  return blocked;
}

/** The variable at 0 along which the smooth part falls fastest. */
function steepest(
  H: Float64Array,
  b: Float64Array,
  c: Float64Array,
  active: readonly number[],
  signs: Float64Array,
): { at: number; gradient: number } {
  const m = b.length;
  const gradients = Float64Array.from(b);
  for (const i of active) {
    const value = c[i]!;
    for (let j = 0, row = i * m; j < m; j++) gradients[j]! -= H[row + j]! * value;
  }
  let at = 0;
  let gradient = 0;
  for (let j = 0; j < m; j++)
    if (signs[j] === 0 && Math.abs(gradients[j]!) > Math.abs(gradient)) [at, gradient] = [j, gradients[j]!];
  return { at, gradient };
}
