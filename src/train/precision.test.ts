/** @file Number formats and devices. */

import { expect, test } from "vitest";
import { UsageError } from "../base/errors.ts";
import { gradients, native, noGrad, random, scope } from "../tensor/index.ts";
import { chooseDevice, inPrecision } from "./precision.ts";

test("bf16 lowers the product, keeps the gradient wide, and sees weights as they are after each step", () => {
  scope(() => {
    const weight = random(0).normal([4, 8]).setRequiresGrad();
    const input = random(1).normal([2, 8]);
    const product = () => inPrecision("bf16", "cpu", () => input.linear(weight));
    expect(product().dtype).toBe("bfloat16");
    expect(gradients(product().to("float32").sum(), [weight])[0]!.dtype).toBe("float32");
    noGrad(() => weight.mul_(0));
    expect(product().to("float32").abs().max().item()).toBe(0); // not a cast that was kept
    expect(inPrecision("fp32", "cpu", () => input.linear(weight)).dtype).toBe("float32");
  });
});

test("auto is the CPU where there is no GPU, and a name is taken as it is", () => {
  const { cuda } = native().versions();
  expect(chooseDevice("auto")).toBe(cuda ? "cuda" : "cpu");
  expect(chooseDevice("cpu")).toBe("cpu");
});

test.skipIf(native().versions().cuda)("cuda without a GPU is refused (skipped where there is one)", () => {
  expect(() => chooseDevice("cuda:1")).toThrow(UsageError);
  expect(() => chooseDevice("cuda")).toThrow(
    /^device: expected cuda to be there, but libtorch .* finds none/,
  );
});
