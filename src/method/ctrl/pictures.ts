/** @file What a closed loop shows: transcriptions, traversals, interpolations, samples, similarities; as tensors. */

import type { ClosedLoopNets } from "../../model/index.ts";
import { type Module, toSphere } from "../../nn/index.ts";
import { noGrad, scope, stack, type Tensor, tensor } from "../../tensor/index.ts";
import { type ClassModel, sampleClass } from "./class-model.ts";

/** Runs nets in evaluation mode, without gradients, and puts their modes back. */
function shown<T>(nets: readonly Module[], body: () => T): T {
  const modes = nets.map((net) => net.training);
  for (const net of nets) net.eval();
  try {
    return noGrad(() => scope(body, "pictures"));
  } finally {
    nets.forEach((net, i) => void net.train(modes[i]));
  }
}

/** x̂ = g(f(x)): images [n, c, H, W] in [−1, 1] → the same. */
export const transcribe = ({ encoder, decoder }: ClosedLoopNets, images: Tensor): Tensor =>
  shown([encoder, decoder], () => decoder.apply(encoder.apply(images)));

/** Values t₀ … from 0 to 1. */
const line = (steps: number): number[] => Array.from({ length: steps }, (_, i) => i / Math.max(steps - 1, 1));

/**
 * Images along a component of a class: g((zᵢ + t vⱼ) / ‖·‖), t from 0 to 1. The sign of a component means nothing.
 *
 * @param Z features of images to start from, [n, d]
 * @param component number of the component in the model, from 0
 * @returns [n, steps, c, H, W]
 */
export function traverse(
  decoder: Module,
  Z: Tensor,
  model: ClassModel,
  component: number,
  steps = 6,
): Tensor {
  return shown([decoder], () => {
    const v = model.components.select(0, component); //                         [d]
    return decodeAll(
      decoder,
      line(steps).map((t) => toSphere(Z.add(v.mul(t)))),
    );
  });
}

/** Images between pairs of features: g(((1 − t) a + t b) / ‖·‖), A and B [n, d] → [n, steps, c, H, W]. */
export function interpolate(decoder: Module, A: Tensor, B: Tensor, steps = 8): Tensor {
  return shown([decoder], () =>
    decodeAll(
      decoder,
      line(steps).map((t) => toSphere(A.mul(1 - t).add(B.mul(t)))),
    ),
  );
}

/** Every step's features [n, d] decoded: [n, steps, c, H, W]. */
function decodeAll(decoder: Module, steps: readonly Tensor[]): Tensor {
  return stack(
    steps.map((Z) => decoder.apply(Z)),
    1,
  );
}

/** Images of a class that nobody wrote: g of its samples, normals [n, r] → [n, c, H, W]. */
export const sampleImages = (decoder: Module, model: ClassModel, normals: Tensor): Tensor =>
  shown([decoder], () => decoder.apply(sampleClass(model, normals)));

/** A square of similarities, rows and columns sorted by class, and where each class ends. */
export interface Similarity {
  /** |Z Ẑᵀ| of samples sorted by class, [n, n] */
  values: Tensor;
  /** Samples before the end of each class. */
  ends: number[];
}

/** |⟨zᵢ, ẑⱼ⟩| for all pairs, sorted by class: Z, Ẑ [n, d], labels int64 [n]. With Ẑ = Z, of the features alone. */
export function similarity(Z: Tensor, Zhat: Tensor, labels: Tensor, classes: number): Similarity {
  const numbers = labels.numbers();
  const order = numbers.map((_, i) => i).sort((a, b) => numbers[a]! - numbers[b]! || a - b);
  const counts = Array.from({ length: classes }, (_, k) => numbers.filter((label) => label === k).length);
  const values = noGrad(() =>
    scope(() => {
      const index = tensor(BigInt64Array.from(order, BigInt), { device: Z.device });
      return Z.indexSelect(0, index).matmul(Zhat.indexSelect(0, index).T).abs();
    }),
  );
  return {
    values,
    ends: counts.map((_, k) => counts.slice(0, k + 1).reduce((sum, count) => sum + count, 0)),
  };
}
