/** @file Convolutions with channels last in memory, as a GPU takes them: on the processor, what they give and what stays. */

import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { conv2d, convTranspose2d, type Module, PatchConvolution, SpectralConv2d } from "../../nn/index.ts";
import { gradients, native, random, scope, type Tensor } from "../../tensor/index.ts";
import { withNative } from "../../tensor/native.ts";
import { createModel } from "../index.ts";

/** As where a GPU's tensor cores want it. */
const channelsLast = <T>(body: () => T): T =>
  withNative((addon) => Object.create(addon, { channelsLast: { value: () => true } }), body);

type Make = () => Module;
/** libtorch 1.13 gives what a transposed convolution makes back in the usual layout. */
const later = !native().versions().torch.startsWith("1.");
const LAYERS: [name: string, make: Make, channels: number, kept: boolean][] = [
  ["a convolution", () => conv2d(3, 5, 3, random(0), { stride: 2, padding: 1 }), 3, true],
  ["a convolution by groups", () => conv2d(4, 8, [1, 3], random(0), { groups: 2 }), 4, true],
  [
    "a transposed convolution",
    () => convTranspose2d(3, 4, 4, random(0), { stride: 2, padding: 1 }),
    3,
    later,
  ],
  ["a spectral convolution", () => new SpectralConv2d(3, 4, 3, random(0), 1), 3, true],
  ["patches", () => new PatchConvolution(random(0).normal([6, 3, 4, 4])), 3, false],
  [
    "a ResNet",
    () => createModel("resnet", { width: 4, blocks: 1, imageSize: 8, classes: 5, channels: 3 }, random(0)),
    3,
    false,
  ],
];

/** Output, then gradients of the input and of every parameter. */
function computed(make: Make, channels: number): Tensor[] {
  using layer = make().to("float64");
  const X = random(1).normal([2, channels, 8, 8], { dtype: "float64" }).setRequiresGrad();
  const Y = layer.apply(X);
  return [Y, ...gradients(Y.square().sum(), [X, ...layer.parameters()])];
}

test.each(LAYERS)(
  "%s gives the same with channels last, and what is saved has its layout",
  (_, make, channels, kept) => {
    scope(() => {
      const plain = computed(make, channels);
      const [Y, ...moved] = channelsLast(() => computed(make, channels));
      [Y!, ...moved].forEach((ours, i) => void expectClose(ours, plain[i]!));
      if (kept) expect([plain[0]!.isContiguous, Y!.isContiguous]).toEqual([true, false]); // it was laid out so
      for (const gradient of moved) expect(gradient.isContiguous).toBe(true);
      using layer = make();
      channelsLast(() => layer.apply(random(1).normal([2, channels, 8, 8])));
      for (const [, tensor] of layer.stateDict()) expect(tensor.isContiguous).toBe(true);
    });
  },
);

test("on a processor images stay as they are, whatever the precision", () => {
  scope(() => expect(native().channelsLast(random(0).normal([2, 3, 8, 8]).to("bfloat16").h)).toBe(false));
});
