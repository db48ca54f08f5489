/** @file What can these cores multiply: products of square matrices, in both precisions. The roof of every other figure. */

import { bfloat16Sets, random, scope } from "../src/tensor/index.ts";
import type { Precision } from "../src/train/index.ts";
import { type Bench, type Context, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";
import { median } from "./statistics.ts";

interface Setting {
  size: number;
  precision: Precision;
  device: string;
}

export function own({ size, precision, device }: Setting): (iterations: number) => void {
  const dtype = precision === "bf16" ? "bfloat16" : "float32";
  const a = random(0).normal([size, size], { device }).to(dtype);
  const b = random(1).normal([size, size], { device }).to(dtype);
  return (iterations) => {
    for (let i = 1; i < iterations; i++) scope(() => void a.matmul(b));
    scope(() => a.matmul(b).select(0, 0).select(0, 0).item()); // a number read waits for the device
  };
}

const gigaflops = (size: number) => (seconds: number) => (2 * size ** 3) / seconds / 1e9;

/** Those that are measured: without instructions for bf16 a product takes minutes. */
const precisions = ({ quick, device }: Context): Precision[] =>
  quick || device !== "cpu" || bfloat16Sets().length > 0 ? ["fp32", "bf16"] : ["fp32"];

/** GFLOP/s of our own products of large matrices, in each precision. */
export async function matmulPeaks(context: Context): Promise<Partial<Record<Precision, number>>> {
  const { threads, device } = context;
  const size = 2048;
  const peaks: Partial<Record<Precision, number>> = {};
  for (const precision of precisions(context)) {
    const side = await Side.ours("matmul", { size, precision, device }, threads);
    const [seconds] = (await interleave([side], { rounds: 7, iterations: 2, warmup: 2 })) as [number[]];
    await side.close();
    peaks[precision] = gigaflops(size)(median(seconds));
  }
  return peaks;
}

export const bench: Bench = {
  name: "matmul",
  about: "products of square matrices: the roof of every other figure",
  peer: "torch",
  async run(context) {
    const { quick, threads, device } = context;
    const rows = [];
    for (const precision of precisions(context)) {
      const size = quick ? 64 : 2048;
      const sides = await Promise.all([
        Side.ours("matmul", { size, precision, device }, threads),
        Side.peer("matmul", { size, precision, device }, threads),
      ]);
      const plan = { rounds: quick ? 2 : 11, iterations: 3, warmup: 2 };
      const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
      await Promise.all(sides.map((side) => side.close()));
      const what = `${size} × ${size} ${precision}`;
      rows.push({ question: "matmul", what, unit: "GFLOP/s", ...compare(ours, peer, gigaflops(size)) });
    }
    return rows;
  },
};
