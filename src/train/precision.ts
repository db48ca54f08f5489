/** @file Number formats and devices of a run. */

import { talk } from "../base/talk.ts";
import { autocast, native, UsageError } from "../tensor/index.ts";

/** tf32 is fp32 whose products a GPU may make of factors rounded to 10 bits of mantissa; rates are not made of such. */
export type Precision = "fp32" | "tf32" | "bf16";

/** Runs a forward pass in a precision: bf16 lowers the products, sums and logarithms stay wide. */
export function inPrecision<T>(precision: Precision, device: string, body: () => T): T {
  return precision === "bf16" ? autocast("bfloat16", device.split(":")[0]!, body) : body();
}

/** Runs `body` with TF32 allowed where the precision is that, and not after it. A processor has none, which is said. */
export async function withTF32<T>(
  precision: Precision | undefined,
  device: string,
  body: () => Promise<T>,
): Promise<T> {
  if (precision !== "tf32") return await body();
  if (device === "cpu") talk("train.precision: tf32 is of GPUs; this run is in fp32");
  native().setTF32(true);
  try {
    return await body();
  } finally {
    native().setTF32(false);
  }
}

/** The device meant by `auto`, `cpu`, `cuda` or `cuda:N`. @throws {UsageError} CUDA asked for and absent */
export function chooseDevice(name: string): string {
  const { cuda, torch } = native().versions();
  if (name === "auto") return cuda ? "cuda" : "cpu";
  if (name.startsWith("cuda") && !cuda)
    throw new UsageError(
      `device: expected cuda to be there, but libtorch ${torch} finds none; use --device cpu, or see "vitrine doctor"`,
    );
  return name;
}
