/** @file How far are losses and gradients in single precision on the device from those in double on the processor? */

import { answer, nextTokens } from "../src/method/language/objective.ts";
import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { createModel, maskedError, maskedTarget, randomMask } from "../src/model/index.ts";
import { attentionWeights, selfAttention } from "../src/nn/attention.ts";
import type { Module } from "../src/nn/index.ts";
import { codingRate, mcr2Loss } from "../src/rate/index.ts";
import {
  arange,
  gradients,
  operator,
  random,
  run,
  runMany,
  scope,
  type Tensor,
} from "../src/tensor/index.ts";
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
const ADD_LAYER_NORM = operator("vitrine::add_layer_norm");

/** A formula of some inputs, its gradients for them, and what is to compute the same on the device. */
const byFormula =
  (shapes: readonly number[][], formula: Formula, kernel: Formula): Computation =>
  (move) => {
    const inputs = shapes.map((shape, i) => move(random(i).normal(shape)).setRequiresGrad());
    const computed = (inputs[0]!.dtype === "float64" ? formula : kernel)(...inputs);
    return [computed, ...gradients(computed.square().sum(), inputs)];
  };
type Formula = (...inputs: Tensor[]) => Tensor;

/** Self-attention of tokens [2, 197, 3, 64] whose norms grow up to `most` times along the sequence. */
const attention = (most: number, causal: boolean): Computation => {
  const grown = (W: Tensor): Tensor => {
    const sizes = arange(197)
      .mul((most - 1) / 196)
      .add(1)
      .reshape([1, 197, 1, 1]);
    return W.mul(sizes.to(W.device).to(W.dtype));
  };
  const explicit: Formula = (W) => {
    const rows = grown(W!).transpose(1, 2);
    return attentionWeights(rows, rows, { causal }).matmul(rows).transpose(1, 2);
  };
  return byFormula([[2, 197, 3, 64]], explicit, (W) => selfAttention(grown(W!), { causal }));
};

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
  "s + LN(s), s = x + r": byFormula(
    [[8, 65, 384], [8, 65, 384], [384], [384]],
    (x, r, w, b) => {
      const s = x!.add(r!);
      const centred = s.sub(s.mean([-1], true));
      return s.add(
        centred
          .div(centred.square().mean([-1], true).add(1e-5).sqrt())
          .mul(w!)
          .add(b!),
      );
    },
    (x, r, w, b) => {
      const [s, y] = runMany(ADD_LAYER_NORM, x!.h, r!.h, w!.h, b!.h, 1e-5);
      return s!.add(y!);
    },
  ),
  "softmax(W Wᵀ / √p) W": attention(1, false),
  "softmax(W Wᵀ / √p) W, causal": attention(1, true),
  "softmax(W Wᵀ / √p) W of distant norms": attention(6, false),
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
