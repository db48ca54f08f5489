/** @file Number formats and devices. */

import { expect, test } from "vitest";
import { UsageError } from "../base/errors.ts";
import { ista } from "../model/crate/ista.ts";
import { rateReduction } from "../rate/index.ts";
import { autocast, gradients, native, noGrad, random, scope } from "../tensor/index.ts";
import { withNative } from "../tensor/native.ts";
import { chooseDevice, inPrecision, unpaid, withPrecision } from "./precision.ts";

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

test("of several processes on a machine each takes a GPU of its own, or is refused", () => {
  const found = { cuda: true, gpus: 2, torch: "2.13.0" };
  const of = (name: string, localRank: number, localSize: number) =>
    chooseDevice(name, { localRank, localSize }, found);
  expect([of("auto", 0, 2), of("cuda", 1, 2), of("cpu", 1, 2)]).toEqual(["cuda:0", "cuda:1", "cpu"]);
  expect([of("auto", 0, 1), of("cuda:1", 0, 1)]).toEqual(["cuda", "cuda:1"]);
  expect(() => of("auto", 0, 3)).toThrow("device: 3 processes on this machine, but 2 GPUs; launch --nproc 2");
  expect(() => of("cuda:0", 1, 2)).toThrow("device: cuda:0 is one GPU, for 2 processes");
});

test("TF32 is off, on within a run that asks for it but for products that are to be full, and off again after it", async () => {
  const { tf32 } = native();
  expect(tf32()).toBe(false);
  await withPrecision("fp32", "cuda", async () => expect(tf32()).toBe(false));
  await withPrecision("tf32", "cuda", async () => {
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
  await expect(withPrecision("tf32", "cuda", () => Promise.reject(new Error("lost")))).rejects.toThrow(
    "lost",
  );
  expect(tf32()).toBe(false);
});

test("on a processor a precision that is no faster than fp32 is said to be so", () => {
  expect(unpaid("fp32", [])).toBe(undefined);
  expect(unpaid("tf32", ["amx_bf16"])).toMatch(/this run is in fp32$/);
  expect(unpaid("bf16", [])).toMatch(/^bf16 is emulated on this processor/);
  expect(unpaid("bf16", ["avx512_bf16"], () => 0.55)).toMatch(/^products in bf16 run at 0.55 times fp32's/);
  expect(unpaid("bf16", ["amx_bf16"], () => 6)).toBe(undefined);
});

/** Whether TF32 is allowed when an operator is called, for each of those named. */
function allowedAt(names: RegExp, body: () => void): [operator: string, allowed: boolean][] {
  const seen: [string, boolean][] = [];
  const wrap: Parameters<typeof withNative>[0] = (addon) =>
    Object.create(addon, {
      call: {
        value: (operator: number, ...args: unknown[]) => {
          const name = addon.schema(operator).split("(")[0]!;
          if (names.test(name)) seen.push([name, addon.tf32()]);
          return addon.call(operator, ...args);
        },
      },
    });
  withNative(wrap, body);
  return seen;
}

test("products of rates and ISTA's DᵀD are not of TF32, the network's are", () =>
  withPrecision("tf32", "cuda", async () =>
    scope(() => {
      const [Z, Pi] = [random(0).normal([12, 4]), random(1).uniform([12, 3])];
      const rates = () => rateReduction(Z, Pi, { epsilon: 0.5 });
      const found = allowedAt(/matmul|vitrine::/, rates);
      expect(new Set(found.map(([name]) => name))).toEqual(
        new Set(["aten::matmul", "vitrine::coding_rate", "vitrine::logdet1p"]),
      );
      expect(found.filter(([, allowed]) => allowed)).toEqual([]);
      using layer = ista(4, random(2), { eta: 0.1, lambda: 0.1 });
      expect(allowedAt(/addmm|linear/, () => layer.apply(Z))).toEqual([
        ["aten::addmm", false],
        ["vitrine::linear_relu", true],
      ]);
    }),
  ));
