/** @file The addon shares its work among threads, by the one OpenMP library that libtorch brings. */

import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import sharp from "sharp";
import { expect, test } from "vitest";
import { mssa } from "../src/model/crate/mssa.ts";
import { selfAttention } from "../src/nn/attention.ts";
import { gradients, random, scope, type Tensor } from "../src/tensor/index.ts";
import { native } from "../src/tensor/native.ts";
import { withThreads } from "./with-threads.ts";

/** The addon's own operator, of 8 samples of 256 tokens in 4 heads of 32, and its gradient. */
const attendAlone = (): Tensor =>
  scope(() => {
    const W = random(1).uniform([8, 256, 4, 32]).setRequiresGrad();
    return gradients(selfAttention(W).square().sum(), [W])[0]!;
  });

/** The same within a layer, whose products are libtorch's: with Debian's BLAS they have one thread. */
function attend(): [Tensor, Tensor] {
  using layer = mssa(128, random(2), { heads: 4, headDim: 32 });
  return scope(() => {
    const Z = random(1).uniform([8, 256, 128]).setRequiresGrad();
    const out = layer.apply(Z);
    return [out.detach(), gradients(out.square().sum(), [Z])[0]!];
  });
}

/** Hundredths of a second of processor time, thread by thread. */
function times(): Map<string, number> {
  const folder = "/proc/self/task";
  return new Map(
    readdirSync(folder).map((id) => {
      const fields = readFileSync(`${folder}/${id}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      return [id, Number(fields[11]) + Number(fields[12])];
    }),
  );
}

/** All threads' time by the busiest one's: how many cores the work keeps busy, whatever else the machine does. */
function cores(body: () => void): number {
  const before = times();
  let spent: number[];
  do {
    body();
    spent = [...times()].map(([id, time]) => time - (before.get(id) ?? 0));
  } while (Math.max(...spent) < 50);
  return spent.reduce((sum, time) => sum + time) / Math.max(...spent);
}

test.skipIf(availableParallelism() < 2)("attention keeps more than 1.5 of 2 cores busy", () => {
  const busy = withThreads(2, () => cores(() => scope(() => void attendAlone())));
  expect(native().versions().openmp).toBe(true);
  expect(busy).toBeGreaterThan(1.5);
});

test("attention and its gradient have the same bits on one thread and on two", () => {
  scope(() => {
    const bits = (count: number) => withThreads(count, attend).map((tensor) => tensor.toArray());
    expect(bits(2)).toEqual(bits(1));
  });
});

test("one OpenMP library is loaded, beside images too", async () => {
  scope(() => void attend());
  await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .raw()
    .toBuffer();
  const maps = readFileSync("/proc/self/maps", "utf8").split("\n");
  const files = maps.map((line) => line.slice(line.indexOf("/")));
  expect(new Set(files.filter((file) => /lib(gomp|iomp5|omp)\b[^/]*\.so[^/]*$/.test(file))).size).toBe(1);
});
