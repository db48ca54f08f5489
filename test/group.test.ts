/** @file Groups of processes: what they compute together, their gradients, and what they say of a member that is lost. */

import { beforeAll, describe, expect, test } from "vitest";
import { openGroup, PeerLostError, UsageError } from "../src/tensor/index.ts";
import { freePort, onRanks, startRanks } from "./ranks.ts";

const bodies = new URL("./group-bodies.ts", import.meta.url);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** What `everything` gives. */
type Found = Record<"collectives" | "sums" | "rows" | "buckets" | "tree", Record<string, unknown>>;

describe.each([2, 4])("%i processes", (size) => {
  const ranks = upTo(size);
  const total = ranks.reduce((sum, r) => sum + r + 1, 0);
  let all: Found[];
  beforeAll(async () => {
    all = await onRanks<Found>(size, bodies, "everything");
  });

  test("sum, compare, gather, scatter, broadcast, exchange and leave each other texts", () => {
    for (const [rank, one] of all.entries())
      expect(one.collectives).toEqual({
        sum: [total, 10 * total],
        sumBytes: 8,
        max: [size, 10 * size],
        min: [1, 10],
        gathered: ranks.flatMap((r) => [r + 1, 10 * (r + 1)]),
        scattered: [size * (rank + 1), total - size],
        broadcast: [size, 10 * size],
        whole: [size * 2 ** 40 + total - size],
        view: [1, 3, 2, 4].map((x) => x * size),
        exchanged: ranks.flatMap((r) => new Array(rank + 1).fill(r)),
        ranks: ranks.map((r) => [r, r === 0 ? 0 : -r]),
        text: `text of ${(rank + 1) % size}`,
        left: 0,
      });
  });

  test("sumReplicated passes a gradient as it is, sumShared the sum of all", () => {
    // Σᵣ (r + 1) · 2 s of everybody's losses
    const found = { sum: total, local: 2 * total * total, replicated: total, same: 2 * total, left: 0 };
    expect(all.map((one) => one.sums)).toEqual(ranks.map(() => found));
  });

  test("gatherRows gives the rows of all, some of which have none, and the gradient of one's own", () => {
    const { sum } = all[0]!.rows;
    const found = { shape: [total - 2, 3], sum, worst: 0, left: 0 };
    expect(all.map((one) => one.rows)).toEqual(ranks.map(() => found));
  });

  test("gradientsReduced sums in buckets what gradients give, zeros where nothing depends on a parameter", () => {
    const bytes = 8 * (5 * 256 + 16 + 2) + 4 * 3;
    for (const { buckets } of all) {
      expect(buckets).toMatchObject({ bytes, unused: [0, 0], dtype: "float32", left: 0 });
      expect(buckets.differ).toBeLessThan(1e-9);
    }
  });

  test("sumInTree adds as a binary tree does, in bits", () => {
    expect(all.map((one) => one.tree)).toEqual(ranks.map(() => ({ same: 1 })));
  });
});

test("a process that is killed is named by those that are left, who end with code 8", async () => {
  const ends = await Promise.all((await startRanks(3, bodies, "death")).map(({ ended }) => ended));
  expect(ends.map(({ code }) => code)).toEqual([8, null, 8]);
  for (const rank of [0, 2])
    expect(ends[rank]!.stderr).toContain(`all-reduce of 4 bytes on rank ${rank}: rank 1 does not answer`);
});

test("a process that hangs is named once the time of a step is over", async () => {
  const running = await startRanks(3, bodies, "stall", { stepSeconds: 2 });
  const left = await Promise.all([running[0]!.ended, running[2]!.ended]);
  running[1]!.child.kill("SIGKILL");
  await running[1]!.ended;
  expect(left.map(({ code }) => code)).toEqual([8, 8]);
  for (const { stderr } of left)
    expect(stderr).toMatch(/all-reduce of 4 bytes on rank [02]: rank 1 does not/);
});

test("ranks that do not come are named, and an address where nothing answers is", async () => {
  const port = await freePort();
  const at = { host: "127.0.0.1", port, size: 3, startSeconds: 1 };
  const alone = openGroup({ ...at, rank: 0 });
  await expect(alone).rejects.toThrow(PeerLostError);
  await expect(alone).rejects.toThrow("ranks 1, 2 did not come within 1 s");
  const lost = openGroup({ ...at, port: await freePort(), rank: 1 });
  await expect(lost).rejects.toThrow(/nothing answers at 127\.0\.0\.1:\d+ within 1 s/);
});

test("rank 0 says that a port is in use", async () => {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const opened = openGroup({ host: "127.0.0.1", port, rank: 0, size: 2, startSeconds: 1 });
  await expect(opened).rejects.toThrow(UsageError);
  await expect(opened).rejects.toThrow(`cannot listen at 127.0.0.1:${port}`);
  server.close();
});

test("a group of one computes alone", async () => {
  const [found] = await onRanks<Record<string, unknown>>(1, bodies, "collectives");
  expect(found).toMatchObject({ sum: [1, 10], gathered: [1, 10], text: "text of 0" });
});
