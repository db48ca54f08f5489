/** @file Initialisers, under PyTorch's names and with its bounds. */

import type { Random, Tensor } from "../tensor/index.ts";

/** Inputs that one output sees: every dimension but the first. */
const fanIn = (shape: readonly number[]): number =>
  shape.slice(1).reduce((product, size) => product * size, 1);

/** U(±√(6 / ((1 + a²) fan_in))): a = 0 for ReLU networks, a = √5 is what PyTorch's linear layers start from. */
export function kaimingUniform(shape: readonly number[], random: Random, a = 0): Tensor {
  const bound = Math.sqrt(6 / ((1 + a * a) * fanIn(shape)));
  return random.uniform(shape, -bound, bound);
}

/** U(±1 / √fan_in): weights and biases of PyTorch's linear layers, for inputs of `fanIn` features. */
export function linearUniform(shape: readonly number[], inputs: number, random: Random): Tensor {
  const bound = 1 / Math.sqrt(inputs);
  return random.uniform(shape, -bound, bound);
}

/** N(0, deviation²), cut off at ±2 as timm's is. */
export function truncatedNormal(shape: readonly number[], random: Random, deviation = 0.02): Tensor {
  return random.normal(shape).mul_(deviation).clamp(-2, 2);
}
