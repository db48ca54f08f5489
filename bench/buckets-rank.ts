/** @file One process of the bench of buckets: gradients of CRATE-Tiny alone, with all-reduces meanwhile, and with one after. */

import { readWorld } from "../src/base/world.ts";
import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { joinWorld } from "../src/method/world.ts";
import { createModel } from "../src/model/index.ts";
import { gradients, gradientsReduced, native, random, scope } from "../src/tensor/index.ts";
import { slowest } from "./ranks.ts";

/** Seconds of each round, of the slowest process. */
export interface Measured {
  parameters: number;
  /** The backward pass, without the others. */
  alone: number[];
  /** With sums in buckets while it runs. */
  buckets: number[];
  /** With one sum after it. */
  after: number[];
}

const { quick, threads } = JSON.parse(process.argv[2]!) as { quick: boolean; threads: number };
native().setThreads(threads);
const world = readWorld();
const group = (await joinWorld(world))!;

const [n, size] = quick ? [2, 32] : [8, 224];
const sizes = quick ? { dim: 16, depth: 1, heads: 2 } : {};
const options = { imageSize: size, patch: 16, classes: 1000, channels: 3, ...sizes };
const net = createModel(quick ? "crate" : "crate_tiny", options, random(0));
const parameters = net.parameters();
const images = random(1).at(`${world.rank}`).normal([n, 3, size, size]);
const labels = random(2).at(`${world.rank}`).integers([n], 0, 1000);

/** Seconds of the slowest process, for a backward pass and what is sent. */
async function time(way: "alone" | "buckets" | "after"): Promise<number> {
  const loss = crossEntropy(net.apply(images), labels);
  const body = () => {
    if (way === "alone") gradients(loss, parameters);
    else gradientsReduced(loss, parameters, group, way === "after" ? { firstBytes: 1e12 } : {});
  };
  const seconds = await slowest(group, () => scope(body));
  loss.dispose();
  return seconds;
}

const found: Measured = { parameters: net.parameterCount(), alone: [], buckets: [], after: [] };
for (let round = 0; round < (quick ? 2 : 10); round++)
  for (const way of ["alone", "buckets", "after"] as const) {
    const seconds = await time(way);
    if (round > 0) found[way].push(seconds); // the first round warms up
  }
process.stdout.write(`${JSON.stringify(found)}\n`);
await group.close();
