/** @file Number formats and devices. */

import { expect, test } from "vitest";
import { UsageError } from "../base/errors.ts";
import { autocast, gradients, native, noGrad, random, scope } from "../tensor/index.ts";
import { chooseDevice, inPrecision, withTF32 } from "./precision.ts";

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

test("TF32 is off, on within a run that asks for it but for products that are to be full, and off again after it", async () => {
  const { tf32 } = native();
  expect(tf32()).toBe(false);
  await withTF32("fp32", "cuda", async () => expect(tf32()).toBe(false));
  await withTF32("tf32", "cuda", async () => {
    expect(tf32()).toBe(true);
    inPrecision("tf32", "cuda", () => expect(tf32()).toBe(true));
    autocast(null, "cuda", () => {
      expect(tf32()).toBe(false);
      autocast(null, "cuda", () => expect(tf32()).toBe(false));
      expect(tf32()).toBe(false);
    });
    expect(tf32()).toBe(true);
    expect(() =>
      autocast(null, "cuda", () => {
        throw new Error("lost");
      }),
    ).toThrow("lost");
    expect(tf32()).toBe(true);
  });
  await expect(withTF32("tf32", "cuda", () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  expect(tf32()).toBe(false);
});
