/**
 * @file From how many tokens on is token-statistics attention faster than subspace attention: TSSA against MSSA, forward
 * and gradient, at 64 … 16,384 tokens of 384 dimensions in 8 heads.
 */

import { MSSA, TSSA } from "../src/model/index.ts";
import { gradients, keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave, type Row } from "./harness.ts";
import { Side } from "./side.ts";
import { median } from "./statistics.ts";

interface Size {
  form: "tssa" | "mssa";
  n: number;
  d: number;
  heads: number;
}

export function own({ form, n, d, heads }: Size): (iterations: number) => void {
  const drawn = (name: string) =>
    random(0)
      .at(name)
      .normal([d, d])
      .mul_(d ** -0.5);
  const layer = scope(() => {
    const [U, W] = [drawn("U"), drawn("W")];
    return form === "tssa"
      ? new TSSA({ U, W }, { heads })
      : new MSSA(U, { heads, headDim: d / heads }, { W });
  });
  const Z = keep(random(0).at("Z").normal([1, n, d])).setRequiresGrad();
  const inputs = [Z, ...layer.parameters()];
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(() => void gradients(layer.apply(Z).square().sum(), inputs));
  };
}

/** The number of tokens at which the ratio of times passes 1, on a straight line between logarithms; none where it does not. */
function crossover(found: readonly { n: number; ratio: number }[]): number | undefined {
  for (let i = 0; i + 1 < found.length; i++) {
    const [a, b] = [found[i]!, found[i + 1]!];
    const [x, y] = [Math.log(a.ratio), Math.log(b.ratio)];
    if (x <= 0 && y > 0) return a.n * (b.n / a.n) ** (x / (x - y));
  }
  return undefined;
}

export const bench: Bench = {
  name: "tost",
  about: "TSSA against MSSA, forward and gradient, from 64 to 16,384 tokens; where they cross",
  peer: false,
  async run({ quick, threads, say }) {
    const lengths = quick ? [256, 1024, 4096] : [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
    const shape = quick ? { d: 64, heads: 4 } : { d: 384, heads: 8 };
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 9, iterations: 1, warmup: 1 };
    const found: { n: number; ratio: number }[] = [];
    const rows: Row[] = [];
    for (const n of lengths) {
      say(`tost: ${n} tokens`);
      const sides = await Promise.all(
        (["tssa", "mssa"] as const).map((form) => Side.ours("tost", { form, n, ...shape }, threads)),
      );
      const [ours, other] = (await interleave(sides, plan)) as [number[], number[]];
      await Promise.all(sides.map((side) => side.close()));
      found.push({ n, ratio: median(other) / median(ours) });
      rows.push({
        question: "tost",
        what: `TSSA against MSSA, forward and gradient, ${n} tokens, d = ${shape.d}`,
        unit: "layers/s",
        ...compare(ours, other, (seconds) => 1 / seconds),
      });
    }
    const at = crossover(found);
    const first = found[0]!;
    const note =
      at !== undefined
        ? "TSSA is faster beyond"
        : `no crossing: TSSA is ${first.ratio > 1 ? "faster" : "slower"} at every length`;
    const value = Math.round(at ?? (first.ratio > 1 ? first.n : found.at(-1)!.n));
    rows.push({ question: "tost", what: "crossover", unit: "tokens", ours: { median: value, mad: 0 }, note });
    return rows;
  },
};
