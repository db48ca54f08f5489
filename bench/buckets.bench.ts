/** @file How much of two processes' communication hides behind the backward pass, on loopback and by wires of given rates. */

import type { Measured } from "./buckets-rank.ts";
import type { Bench, Row } from "./harness.ts";
import { onRanks } from "./ranks.ts";
import { exactly, median, summarise } from "./statistics.ts";
import { makeWire, type Wire } from "./wire.ts";

/** Rows of one network: the three ways, and the share (after − buckets) / (after − alone) that the buckets hide. */
function rowsOf(network: string, { parameters, alone, buckets, after }: Measured, quick: boolean): Row[] {
  const at = { question: "buckets", note: `${((4 * parameters) / 2 ** 20).toFixed(1)} MiB of gradients` };
  const what = `backward pass of CRATE-Tiny/16, 2 × 8 images, ${network}`;
  const sent = median(after) - median(alone);
  return [
    { ...at, what: `${what}: alone`, unit: "s", ours: summarise(alone) },
    { ...at, what: `${what}: sums in buckets meanwhile`, unit: "s", ours: summarise(buckets) },
    { ...at, what: `${what}: one sum after it`, unit: "s", ours: summarise(after) },
    {
      ...{ ...at, what: `${what}: hidden`, unit: "% of the communication" },
      ours: exactly((100 * (median(after) - median(buckets))) / sent),
      ...(!quick && { goal: { of: "ours", at: "least", value: 50 } as const }),
    },
  ];
}

export const bench: Bench = {
  name: "buckets",
  about: "two processes' gradients: what the buckets hide behind the backward pass, on loopback and by wires",
  peer: false,
  async run({ quick, threads, say }) {
    const measure = (wire?: Wire) =>
      onRanks<Measured>("buckets-rank.ts", 2, { quick, threads, ...(wire && { wire }) });
    say("buckets: loopback");
    const rows = rowsOf("loopback", await measure(), quick);
    for (const rate of quick ? ["1gbit"] : ["1gbit", "10gbit"]) {
      say(`buckets: ${rate}`);
      try {
        using wire = makeWire(rate);
        rows.push(...rowsOf(`a wire of ${rate}`, await measure(wire), quick));
      } catch (error) {
        say(`buckets: no wire of ${rate}: ${(error as Error).message.trim().split("\n").at(-1)}`);
      }
    }
    return rows;
  },
};
