/** @file Does resident memory stay flat over two thousand steps of training. */

import type { Bench } from "./harness.ts";
import { Side } from "./side.ts";
import { exactly, slope } from "./statistics.ts";

export { own } from "./train-step.bench.ts";

/** Steps between two looks. */
const EVERY = 20;

export const bench: Bench = {
  name: "memory-flat",
  about: "resident memory over 2,000 steps of a small model",
  peer: false,
  async run({ quick, threads }) {
    const model = {
      imageSize: 28,
      patch: 4,
      channels: 1,
      classes: 10,
      dim: 32,
      depth: 2,
      heads: 2,
      headDim: 16,
    };
    const setting = { model, batch: 8, precision: "fp32", optimizer: "adamw", device: "cpu" };
    const side = await Side.ours("memory-flat", setting, threads);
    const [warmup, steps] = quick ? [EVERY, 3 * EVERY] : [400, 2000];
    await side.run(warmup);
    const kibibytes: number[] = [];
    for (let done = 0; done <= steps; done += EVERY) {
      kibibytes.push((await side.memory()).resident / 1024);
      if (done < steps) await side.run(EVERY);
    }
    await side.close();
    const spread = (Math.max(...kibibytes) - Math.min(...kibibytes)) / 1024;
    const note = `${steps} steps after ${warmup}, ${(kibibytes[0]! / 1024).toFixed(0)} MiB at their start`;
    const at = { question: "memory-flat", note } as const;
    return [
      {
        ...at,
        what: "growth of resident memory",
        unit: "KiB/step",
        ours: exactly(slope(kibibytes) / EVERY),
        goal: { of: "ours", at: "most", value: 1 },
      },
      {
        ...at,
        what: "largest − smallest resident",
        unit: "MiB",
        ours: exactly(spread),
        goal: { of: "ours", at: "most", value: 16 },
      },
    ];
  },
};
