/** @file How a layer's attention is spread: over all tokens, on itself, on the first one. */

import { type Stack, stacksOf } from "../measure/layered.ts";
import { type Module, record } from "../nn/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";

/** Of one layer, means over samples, heads and tokens; attention is softmax weights A [b, K, n, n]. */
export type AttentionRow = Readonly<Record<string, number>>;

interface Sums {
  entropy: number;
  itself: number;
  first: number;
}

/**
 * Measures the attention of every layer, a sample at a time: H(A_i) / log(tokens that i sees), 1 where they get equal shares;
 * A_ii; A_i1. The first token of a causal model sees only itself and is left out.
 *
 * @param inputs samples first
 * @returns nothing where a layer has no attention, as in ToST
 */
export function attentionRows(model: Module, inputs: Tensor, causal: boolean): AttentionRow[] {
  const layers = stacksOf(model)[0]?.layers ?? [];
  const sums = layers.map((): Sums => ({ entropy: 0, itself: 0, first: 0 }));
  const count = inputs.size(0);
  for (let i = 0; i < count; i++)
    if (!noGrad(() => scope(() => add(sums, model, layers, inputs.narrow(0, i, 1), causal)))) return [];
  return sums.map(({ entropy, itself, first }, l) => ({
    layer: l + 1,
    "attention: entropy / log n": entropy / count,
    "on itself": itself / count,
    "on the first token": first / count,
  }));
}

function add(sums: Sums[], model: Module, layers: Stack["layers"], input: Tensor, causal: boolean): boolean {
  const probes = layers.map(({ path }) => `${path}.*.attention`);
  const { found } = record(model, probes, () => model.apply(input), "allowed");
  try {
    return layers.every(({ path }, l) => {
      const A = [...found].find(([name]) => name.startsWith(`${path}.`))?.[1];
      if (A === undefined) return false;
      const measured = scope(() => spread(A.select(0, 0), causal));
      for (const key of Object.keys(measured) as (keyof Sums)[]) sums[l]![key] += measured[key];
      return true;
    });
  } finally {
    for (const tensor of found.values()) tensor.dispose();
  }
}

/** A [K, n, n], rows sum to 1. */
function spread(A: Tensor, causal: boolean): Sums {
  const n = A.size(-1);
  const from = causal ? 1 : 0;
  const rows = A.narrow(1, from, n - from); //                                  [K, m, n]
  const entropies = rows.mul(rows.clamp(1e-30).log()).sum(-1).neg(); // [K, m]
  const shares = entropies
    .mean(0)
    .numbers()
    .map((H, i) => H / Math.log(causal ? i + 2 : n));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const own = A.diagonal().narrow(1, from, n - from); //               [K, m]
  return { entropy: mean(shares), itself: own.mean().item(), first: rows.select(2, 0).mean().item() };
}
