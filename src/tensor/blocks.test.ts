/** @file Memory of large tensors is used again, and no more of it is kept than was ever in use. */

import { expect, test } from "vitest";
import { ones } from "./index.ts";

const MIB = 2 ** 20;
const filled = (mebibytes: number) => void ones([(mebibytes * MIB) / 4]).dispose();
const { platform } = process;

test.skipIf(platform !== "linux")("the next tensor of about the same size has the pages of the last", () => {
  filled(24);
  const before = process.resourceUsage().minorPageFault;
  for (let i = 0; i < 20; i++) filled(23 + (i % 2));
  expect(process.resourceUsage().minorPageFault - before).toBeLessThan((24 * MIB) / 4096); // one tensor's, not twenty's
});

test.skipIf(platform !== "linux")(
  "what is kept and what is in use stay within the most that was in use",
  () => {
    const before = process.memoryUsage.rss();
    for (const mebibytes of [40, 60, 80, 100, 120, 140, 160]) filled(mebibytes); //  700 in all
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MIB);
  },
);
