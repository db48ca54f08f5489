/** @file Number formats and devices of a run. */

import { talk } from "../base/talk.ts";
import type { World } from "../base/world.ts";
import { autocast, bfloat16Sets, bfloat16Speed, native, UsageError } from "../tensor/index.ts";

/** tf32 is fp32 whose products a GPU may make of factors rounded to 10 bits of mantissa; rates are not made of such. */
export type Precision = "fp32" | "tf32" | "bf16";

/** Runs a forward pass in a precision: bf16 lowers the products, sums and logarithms stay wide. */
export function inPrecision<T>(precision: Precision, device: string, body: () => T): T {
  return precision === "bf16" ? autocast("bfloat16", device.split(":")[0]!, body) : body();
}

/** Runs `body` with TF32 allowed where the precision is that, and not after it; says where a precision does not pay on this device. */
export async function withPrecision<T>(
  precision: Precision | undefined,
  device: string,
  body: () => Promise<T>,
): Promise<T> {
  const problem = device === "cpu" && precision !== undefined ? unpaid(precision) : undefined;
  if (problem !== undefined) talk(`train.precision: ${problem}`);
  if (precision !== "tf32") return await body();
  native().setTF32(true);
  try {
    return await body();
  } finally {
    native().setTF32(false);
  }
}

/** Why a precision is no faster than fp32 on this processor, by its instruction sets for bf16 and their speed. */
export function unpaid(
  precision: Precision,
  sets: readonly string[] = bfloat16Sets(),
  speedOf: () => number = bfloat16Speed,
): string | undefined {
  if (precision === "tf32") return "tf32 is of GPUs; this run is in fp32";
  if (precision === "fp32") return undefined;
  if (sets.length === 0) return "bf16 is emulated on this processor; fp32 is much faster";
  const speed = speedOf();
  if (speed > 1) return undefined;
  return `products in bf16 run at ${speed.toFixed(2)} times fp32's speed on this processor; fp32 is faster`;
}

/** This process among those of its machine. */
type Place = Pick<World, "localRank" | "localSize">;

/** What the addon says of libtorch and its GPUs. */
interface Found {
  cuda: boolean;
  gpus: number;
  torch: string;
}

/**
 * The device meant by `auto`, `cpu`, `cuda` or `cuda:N`. Of several processes on a machine each takes a GPU of its own.
 * @throws {UsageError} CUDA asked for and absent; fewer GPUs than processes; one GPU for all of them
 */
export function chooseDevice(
  name: string,
  { localRank, localSize }: Place = { localRank: 0, localSize: 1 },
  found: Found = native().versions(),
): string {
  const device = name === "auto" ? (found.cuda ? "cuda" : "cpu") : name;
  if (!device.startsWith("cuda")) return device;
  if (!found.cuda)
    throw new UsageError(
      `device: expected cuda to be there, but libtorch ${found.torch} finds none; use --device cpu, or see "vitrine doctor"`,
    );
  if (localSize === 1) return device;
  const processes = `${localSize} processes on this machine`;
  if (device !== "cuda")
    throw new UsageError(
      `device: ${device} is one GPU, for ${processes}; use --device cuda, so that each takes its own`,
    );
  if (found.gpus < localSize)
    throw new UsageError(
      `device: ${processes}, but ${found.gpus} GPUs; launch --nproc ${found.gpus}, or use --device cpu`,
    );
  return `cuda:${localRank}`;
}
