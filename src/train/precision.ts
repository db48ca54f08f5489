/** @file Number formats and devices of a run. */

import { autocast, native, UsageError } from "../tensor/index.ts";

export type Precision = "fp32" | "bf16";

/** Runs a forward pass in a precision: bf16 lowers the products, sums and logarithms stay wide. */
export function inPrecision<T>(precision: Precision, device: string, body: () => T): T {
  return precision === "fp32" ? body() : autocast("bfloat16", device.split(":")[0]!, body);
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
