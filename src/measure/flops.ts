/** @file Floating-point operations of a computation, counted on the operators that it calls: any model, no formula of its own. */

import {
  isTensor,
  noGrad,
  scope,
  type Tensor,
  type TracedCall,
  type TracedTensor,
  trace,
  UsageError,
} from "../tensor/index.ts";

/** Two operations for each multiplication with its addition, in products of matrices, convolutions and attention. */
export interface Flops {
  /** Of what depends on the inputs. */
  perInput: number;
  /** Of what depends on weights alone and can be computed once for all inputs, such as ISTA's I + η (D − DᵀD). */
  ofWeights: number;
}

const tensorOf = ({ arguments: all, operator }: TracedCall, name: string): TracedTensor => {
  const found = all.get(name);
  if (isTensor(found)) return found;
  throw new UsageError(`counting operations: ${operator} without ${name}`);
};
const numel = ({ shape }: TracedTensor): number => shape.reduce((product, size) => product * size, 1);
/** Numbers of W [a, …] for each of its a rows. */
const perRow = (W: TracedTensor): number => numel(W) / W.shape[0]!;

/** Sums over k: A [..., m, k] and B [..., k, n] or [k]. */
const product =
  (A: string): Rule =>
  (call) =>
    numel(call.outputs[0]!) * tensorOf(call, A).shape.at(-1)!;
/** Each output is a sum over a row of W [out, in / groups, k, k]. */
const convolution: Rule = (call) => numel(call.outputs[0]!) * perRow(tensorOf(call, "weight"));

/** Multiplications of a call, each with its addition. */
type Rule = (call: TracedCall) => number;

const RULES: Readonly<Record<string, Rule>> = {
  matmul: product("self"),
  mm: product("self"),
  bmm: product("self"),
  addmm: product("mat1"),
  baddbmm: product("batch1"),
  linear: product("input"),
  "vitrine::linear_relu": product("input"),
  conv1d: convolution,
  conv2d: convolution,
  // 2 n³ operations by a decomposition into triangular matrices
  linalg_inv: (call) => numel(call.outputs[0]!) * call.outputs[0]!.shape.at(-1)!,
  // each input is spread over a row of W [in, out / groups, k, k]
  conv_transpose2d: (call) => numel(tensorOf(call, "input")) * perRow(tensorOf(call, "weight")),
  // Q Kᵀ, and its weights times V; where only the past is seen all is counted too
  scaled_dot_product_attention: (call) =>
    (numel(tensorOf(call, "query")) + numel(call.outputs[0]!)) * tensorOf(call, "key").shape.at(-2)!,
  // the same of W [b, n, K, p]
  "vitrine::self_attention": (call) => {
    const W = tensorOf(call, "W");
    return 2 * numel(W) * W.shape[1]!;
  },
  "vitrine::add_layer_norm": () => 0,
};

/** Products for which there is no rule: better no number than one that leaves them out. */
const UNCOUNTED =
  /^(einsum|tensordot|v?dot|(add)?mv|outer|kron|conv|lstm|gru|fft_|linalg_(?!vector_norm)|cholesky|logdet|\w+::)/;

/**
 * Counts what `body` computes of its inputs. Sums, norms, softmax and other operations on single entries are left out, as
 * is usual: they are few beside the products, and bound by memory.
 *
 * @throws {UsageError} a product that cannot be counted, an operator that cannot be traced: in place, or in training mode
 * @example countFlops([image], () => model.apply(image)).perInput // image [1, c, h, w]
 */
export function countFlops(inputs: readonly Tensor[], body: () => unknown): Flops {
  return noGrad(() =>
    scope(() => {
      using recorded = trace(inputs, body);
      return sumOf(recorded.calls);
    }, "countFlops"),
  );
}

function sumOf(calls: readonly TracedCall[]): Flops {
  const flops: Flops = { perInput: 0, ofWeights: 0 };
  for (const call of calls) {
    const name = call.operator.replace(/\.\w+$/, "");
    const rule = RULES[name];
    if (rule === undefined) {
      if (UNCOUNTED.test(name)) throw new UsageError(`counting operations: there is no rule for ${name}`);
      continue;
    }
    flops[call.outputs.some(({ live }) => live) ? "perInput" : "ofWeights"] += 2 * rule(call);
  }
  return flops;
}
