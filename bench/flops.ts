/** @file Floating-point operations of one training step of CRATE, counted from its sizes. */

export interface CrateSizes {
  imageSize: number;
  patch: number;
  channels: number;
  classes: number;
  dim: number;
  depth: number;
  heads: number;
  headDim: number;
}

/**
 * Operations in the matrix products of a step, two for each multiplication and addition; forward, and twice that for
 * the gradients of inputs and weights.
 *
 * @param form ISTA as one product with a merged matrix, or as the three products of the authors' code
 */
export function stepFlops(sizes: CrateSizes, batch: number, form: "merged" | "coded"): number {
  const { dim: d, depth, heads, headDim, classes } = sizes;
  const patches = (sizes.imageSize / sizes.patch) ** 2;
  const n = patches + 1;
  const inner = heads * headDim;
  const embedding = patches * sizes.patch ** 2 * sizes.channels * d;
  const mssa = 2 * n * d * inner + 2 * n * n * inner;
  const ista = form === "merged" ? n * d * d + d ** 3 / batch : 3 * n * d * d;
  return 3 * 2 * batch * (embedding + depth * (mssa + ista) + d * classes);
}
