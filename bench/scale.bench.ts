/** @file What several processes gain and cost: steps at a fixed number of threads, bytes on the wire, a model for many more. */

import type { Bench, Row } from "./harness.ts";
import { onRanks } from "./ranks.ts";
import { bucketsOf, fitNetwork, type Network, stepSeconds } from "./scale-model.ts";
import { exactly, median, summarise } from "./statistics.ts";

type Task = "crate" | "mcr2";

interface Measured {
  tasks: Record<Task, { parameters: number; together: number[]; alone: number[]; bytes: number }>;
  reduces: [bytes: number, seconds: number][];
}

/** What rank 0 of P processes measures. */
const measure = (P: number, quick: boolean, threads: number) =>
  onRanks<Measured>("scale-rank.ts", P, { quick, threads });

const TASKS: Record<Task, { what: string; unit: string; samples: number }> = {
  crate: { what: "CRATE-Tiny/16, 224 px, batch 32", unit: "images/s", samples: 32 },
  mcr2: { what: "MCR², n = 4096, d = 128, 10 classes", unit: "samples/s", samples: 4096 },
};
/** Numbers that are sent in a step beside its gradients: Grams of K classes and their counts, or all features and labels. */
function statistics(task: Task, n: number): number {
  const [K, d] = [10, 128];
  if (task === "crate") return 0;
  return K * d > 2 * n ? n * (d + 2) : K * ((d * (d + 1)) / 2) + K;
}

export const bench: Bench = {
  name: "scale",
  about:
    "one step by 1, 2 and 4 processes at a fixed number of threads; all-reduces; a model of many processes",
  peer: false,
  async run({ quick, threads, say }) {
    const rows: Row[] = [];
    const found = new Map<number, Measured>();
    for (const P of quick ? [1, 2] : [1, 2, 4]) {
      say(`scale: ${P} processes`);
      const one = await measure(P, quick, threads);
      found.set(P, one);
      for (const [task, { together }] of Object.entries(one.tasks))
        say(`scale: ${task}, ${median(together).toFixed(3)} s a step`);
    }
    const at = { question: "scale" } as const;
    for (const [task, { what, unit, samples }] of Object.entries(TASKS) as [Task, (typeof TASKS)[Task]][]) {
      const speeds = (P: number) => found.get(P)!.tasks[task].together.map((seconds) => samples / seconds);
      const one = median(speeds(1));
      for (const [P, { tasks }] of found) {
        const { together, alone, bytes, parameters } = tasks[task];
        const note = `${P} × ${Math.max(1, Math.floor(threads / P))} threads`;
        rows.push({ ...at, what: `${what}, P = ${P}`, unit, ours: summarise(speeds(P)), note });
        if (P === 1) continue;
        rows.push({
          ...{ ...at, what: `${what}, P = ${P}: efficiency`, unit: "of P = 1", note },
          ours: exactly(median(speeds(P)) / one),
          ...(P === 2 && !quick && { goal: { of: "ours", at: "least", value: 0.9 } as const }),
        });
        const share = 100 * (1 - median(alone) / median(together));
        rows.push({
          ...at,
          what: `${what}, P = ${P}: communication`,
          unit: "% of a step",
          ours: exactly(share),
          note,
        });
        rows.push({
          ...{ ...at, what: `${what}, P = ${P}: bytes of a step`, unit: "of the table's" },
          ours: exactly(bytes / (4 * (parameters + statistics(task, quick ? 256 : 4096)))),
          note: `${(bytes / 1e6).toFixed(2)} MB`,
        });
      }
    }
    const network = fitted(rows, found);
    const { together, parameters } = found.get(1)!.tasks.crate;
    const seconds = median(together);
    for (const P of [8, 64, 1024]) {
      const buckets = bucketsOf(4 * parameters, P);
      const parts = { forward: seconds / 3, backward: (2 * seconds) / 3, buckets };
      rows.push({
        ...{ ...at, what: `model: CRATE-Tiny/16, 32 images for each of P = ${P}`, unit: "of P = 1" },
        ours: exactly(seconds / stepSeconds(P, parts, network)),
      });
    }
    return rows;
  },
};

/** α and β of each P, as rows; those of P = 2, whose processes have a core each. */
function fitted(rows: Row[], found: ReadonlyMap<number, Measured>): Network {
  for (const [P, { reduces }] of found) {
    if (P === 1) continue;
    const { alpha, beta } = fitNetwork(P, reduces);
    const at = {
      question: "scale",
      note: `all-reduces of 4 B to ${(reduces.at(-1)![0] / 2 ** 20).toFixed(1)} MiB`,
    };
    rows.push({ ...at, what: `α of an all-reduce, P = ${P}`, unit: "ms", ours: exactly(1000 * alpha) });
    rows.push({ ...at, what: `β of an all-reduce, P = ${P}`, unit: "GB/s", ours: exactly(beta / 1e9) });
  }
  return fitNetwork(2, found.get(2)!.reduces);
}
