/** @file Whether products in bf16 pay on this processor: not every one with instructions for them is faster with them. */

import { ones } from "./create.ts";
import { processorFlags } from "./processor-flags.ts";
import { scope } from "./scope.ts";
import "./tensor.ts"; // what `ones` makes

/** The processor's instruction sets for products in bf16; none where they are emulated, which takes a thousand times as long. */
export const bfloat16Sets = (): string[] => {
  const present = processorFlags();
  return ["amx_bf16", "avx512_bf16", "bf16"].filter((set) => present.has(set));
};

const SIZE = 512;
/** In turns, and the fastest of each counts: the one least disturbed by what else runs. */
const TURNS = 15;

/** How many times as fast as in fp32 a product in bf16 is here, measured in some 0.1 s. Only where `bfloat16Sets` has one. */
export function bfloat16Speed(): number {
  using wide = ones([SIZE, SIZE]);
  using half = ones([SIZE, SIZE], { dtype: "bfloat16" });
  const fastest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < TURNS; turn++)
    [wide, half].forEach((a, i) => {
      const start = performance.now();
      scope(() => void a.matmul(a));
      fastest[i] = Math.min(fastest[i]!, performance.now() - start);
    });
  return fastest[0]! / fastest[1]!;
}
