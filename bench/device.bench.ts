/** @file How far are losses and gradients in single precision on the device from those in double on the processor? */

import { answer, nextTokens } from "../src/method/language/objective.ts";
import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { createModel, maskedError, maskedTarget, randomMask } from "../src/model/index.ts";
import type { Module } from "../src/nn/index.ts";
import { codingRate, mcr2Loss } from "../src/rate/index.ts";
import { gradients, operator, random, run, scope, type Tensor } from "../src/tensor/index.ts";
import type { Bench, Row } from "./harness.ts";

/** Where a computation takes place, and in which dtype. */
type Move = <T extends Tensor | Module>(what: T) => T;
/** The loss first, then its gradients. */
type Computation = (move: Move) => Tensor[];

const ofParameters = (model: Module, lossOf: () => Tensor): Tensor[] => {
  const loss = lossOf();
  return [loss, ...gradients(loss, model.parameters())];
};

const image = { imageSize: 32, patch: 8, channels: 3, dim: 64, depth: 2, heads: 4, headDim: 16 };
const images = () => random(1).normal([4, 3, 32, 32]);
const features = () => {
  const draws = random(1).normal([400, 32]);
  return draws.div(draws.norm([1], true)); // [n, d]
};

const EPILOGUE = operator("vitrine::linear_relu.epilogue");

/** A formula of some inputs, its gradients for them, and what is to compute the same on the device. */
const byFormula =
  (shapes: readonly number[][], formula: Formula, kernel: Formula): Computation =>
  (move) => {
    const inputs = shapes.map((shape, i) => move(random(i).normal(shape)).setRequiresGrad());
    const computed = (inputs[0]!.dtype === "float64" ? formula : kernel)(...inputs);
    return [computed, ...gradients(computed.square().sum(), inputs)];
  };
type Formula = (...inputs: Tensor[]) => Tensor;

const COMPUTATIONS: Record<string, Computation> = {
  "CRATE, cross-entropy": (move) => {
    const model = move(createModel("crate", { ...image, classes: 10 }, random(0)));
    const labels = random(2).integers([4], 0, 10);
    return ofParameters(model, () => crossEntropy(model.apply(move(images())), move(labels), 0.1));
  },
  "CRATE-MAE, masked error": (move) => {
    const model = move(createModel("crate_mae", image, random(0)));
    const [pixels, mask] = [move(images()), move(randomMask(random(2).uniform([4, 16]), 0.75))];
    return ofParameters(model, () =>
      maskedError(model.apply(pixels, mask), maskedTarget(pixels, image.patch), mask),
    );
  },
  "CRATE-GPT, next token": (move) => {
    const sizes = { vocabulary: 50, context: 32, dim: 64, depth: 2, heads: 4 };
    const model = move(createModel("crate_gpt", sizes, random(0)));
    const rows = move(random(1).integers([4, 33], 0, 50));
    return ofParameters(model, () => answer(model, nextTokens(rows)).loss);
  },
  "ResNet, cross-entropy": (move) => {
    const model = move(
      createModel("resnet", { width: 8, blocks: 1, imageSize: 32, classes: 10, channels: 3 }, random(0)),
    );
    const labels = random(2).integers([4], 0, 10);
    return ofParameters(model, () => crossEntropy(model.apply(move(images())), move(labels), 0.1));
  },
  "ReLU(Z Wᵀ + b)": byFormula(
    [[8, 65, 96], [96, 96], [96]],
    (Z, W, b) => Z!.linear(W!, b!).relu(),
    (Z, W, b) => run(EPILOGUE, Z!.h, W!.h, b!.h),
  ),
  "coding rate": (move) => {
    const Z = move(features()).setRequiresGrad();
    const R = codingRate(Z, { epsilon: 0.5 });
    return [R, ...gradients(R, [Z])];
  },
  "MCR²": (move) => {
    const Z = move(features()).setRequiresGrad();
    const { loss } = mcr2Loss(Z, move(random(2).integers([400], 0, 10)), 10, { epsilon: 0.5 });
    return [loss, ...gradients(loss, [Z])];
  },
};

/** Largest of ‖a − b‖ / ‖b‖ over what was computed, b in double on the processor. */
function largestError(compute: Computation, device: string): number {
  const exact: Move = (what) => (isCount(what) ? what : what.to("float64")) as typeof what;
  const own: Move = (what) => what.to(device) as typeof what;
  return scope(() => {
    const truth = compute(exact);
    const errors = compute(own).map((found, i) => {
      const b = truth[i]!.detach();
      return found.detach().to("cpu").to("float64").sub(b).norm().div(b.norm()).item();
    });
    return errors.reduce((most, error) => Math.max(most, error), 0);
  });
}

const isCount = (what: Tensor | Module): boolean => "dtype" in what && !what.dtype.startsWith("float");

export const bench: Bench = {
  name: "device",
  about: "losses and gradients in single precision on the device, against double precision on the processor",
  peer: false,
  async run({ device }) {
    return Object.entries(COMPUTATIONS).map(
      ([what, compute]): Row => ({
        question: "device",
        what: `${what}: relative error on ${device}`,
        unit: "1e-6",
        ours: { median: 1e6 * largestError(compute, device), mad: 0 },
        goal: { of: "ours", at: "most", value: 20 },
      }),
    );
  },
};
