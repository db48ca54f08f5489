/** @file What does one operator call cost: an add of two tensors of four numbers, its result made and freed. */

import { ones, scope } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

/** Results are freed by the scope around them, as a layer's are. */
const PER_SCOPE = 50;

export function own(): (iterations: number) => void {
  const a = ones([4]);
  const b = ones([4]);
  return (iterations) => {
    for (let done = 0; done < iterations; done += PER_SCOPE)
      scope(() => {
        for (let i = 0; i < PER_SCOPE; i++) a.add(b);
      });
  };
}

export const bench: Bench = {
  name: "operator-call",
  about: "an add of two small tensors, from TypeScript and from Python",
  peer: "torch",
  async run({ quick, threads }) {
    const sides = await Promise.all([
      Side.ours("operator-call", {}, threads),
      Side.peer("operator-call", {}, threads),
    ]);
    const plan = quick
      ? { rounds: 2, iterations: 1000, warmup: 1000 }
      : { rounds: 21, iterations: 200_000, warmup: 200_000 };
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    await Promise.all(sides.map((side) => side.close()));
    return [
      {
        question: "operator-call",
        what: "add of two tensors of 4",
        unit: "µs",
        ...compare(ours, peer, (seconds) => seconds * 1e6),
        goal: { of: "ratio", at: "most", value: 1.5 },
      },
    ];
  },
};
