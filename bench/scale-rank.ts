/** @file One process of the bench of several: it prints what it measured as a line of JSON; rank 0's is the one that counts. */

import { readWorld } from "../src/base/world.ts";
import { rowsOf } from "../src/data/index.ts";
import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { joinWorld } from "../src/method/world.ts";
import { createModel } from "../src/model/index.ts";
import { linear, Module } from "../src/nn/index.ts";
import { mcr2Loss } from "../src/rate/index.ts";
import { type Group, native, random, scope, type Tensor, zeros } from "../src/tensor/index.ts";
import { Descent } from "../src/train/index.ts";
import { slowest } from "./ranks.ts";
import { median } from "./statistics.ts";

const { quick, threads } = JSON.parse(process.argv[2]!) as { quick: boolean; threads: number };
native().setThreads(threads);
const world = readWorld();
const group = await joinWorld(world);

interface Task {
  /** Parameters of the net. */
  parameters: number;
  /** A step of this process's rows, with the others or as if it were alone. */
  step(across: Group | undefined): void;
}

/** CRATE-Tiny/16 learns from a batch of 32. */
function crate(): Task {
  const [size, whole] = quick ? [32, 8] : [224, 32];
  const net = createModel(
    quick ? "crate" : "crate_tiny",
    {
      ...{ imageSize: size, patch: 16, classes: 1000, channels: 3 },
      ...(quick && { dim: 16, depth: 1, heads: 2 }),
    },
    random(0),
  );
  const n = rowsOf(world, whole).length;
  const images = random(1).at(`${world.rank}`).normal([n, 3, size, size]);
  const labels = random(2).at(`${world.rank}`).integers([n], 0, 1000);
  return taskOf(net, "shares", () => crossEntropy(net.apply(images), labels).mul(n / whole));
}

/** A net of two linear maps, whose features are on the sphere. */
class Encoder extends Module {
  private readonly first = this.child("first", linear(784, 512, random(3)));
  private readonly second = this.child("second", linear(512, 128, random(4)));

  protected forward(x: Tensor): Tensor {
    const h = this.first.apply(x).relu(); //                                      [n, 512]
    const z = this.second.apply(h); //                                            [n, 128]
    return z.div(z.square().sum([1], true).sqrt());
  }
}

/** MCR² of 4096 samples in 10 classes. */
function mcr2(): Task {
  const whole = quick ? 256 : 4096;
  const net = new Encoder();
  const n = rowsOf(world, whole).length;
  const samples = random(5).at(`${world.rank}`).normal([n, 784]);
  const labels = random(6).at(`${world.rank}`).integers([n], 0, 10);
  return taskOf(
    net,
    "whole",
    (across) => mcr2Loss(net.apply(samples), labels, 10, { epsilon: 0.5, ...(across && { across }) }).loss,
  );
}

function taskOf(net: Module, losses: "shares" | "whole", loss: (across: Group | undefined) => Tensor): Task {
  const descents = new Map<Group | undefined, Descent>();
  let at = 0;
  return {
    parameters: net.parameterCount(),
    step(across) {
      const descent =
        descents.get(across) ??
        new Descent(net, { optimizer: { name: "adamw" }, lr: () => 1e-4, across, losses });
      descents.set(across, descent);
      scope(() => void descent.step([() => loss(across)], at++));
    },
  };
}

/** Steps with the others, and without, in turns. */
async function measure({ parameters, step }: Task, rounds: number) {
  step(group);
  if (group !== undefined) step(undefined);
  const [together, alone]: [number[], number[]] = [[], []];
  const before = group?.bytes ?? 0;
  for (let round = 0; round < rounds; round++) {
    together.push(await slowest(group, () => step(group)));
    if (group !== undefined) alone.push(await slowest(group, () => step(undefined)));
  }
  // the bench's own sums of times are 8 bytes for each process, twice a round
  const own = group === undefined ? 0 : 2 * rounds * 8 * group.size;
  return { parameters, together, alone, bytes: ((group?.bytes ?? 0) - before - own) / rounds };
}

/** Seconds of all-reduces: [bytes, median of 9]. */
async function allReduces(among: Group): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (const numbers of quick ? [1, 4096] : [1, 256, 4096, 65_536, 2 ** 18, 2 ** 20, 3 * 2 ** 21, 2 ** 24]) {
    using x = zeros([numbers]);
    const seconds: number[] = [];
    for (let round = 0; round < 10; round++) seconds.push(await slowest(among, () => among.allReduce(x)));
    found.push([4 * numbers, median(seconds.slice(1))]);
  }
  return found;
}

const tasks = { crate: await measure(crate(), quick ? 1 : 2), mcr2: await measure(mcr2(), quick ? 1 : 5) };
const reduces = group === undefined ? [] : await allReduces(group);
process.stdout.write(`${JSON.stringify({ tasks, reduces })}\n`);
await group?.close();
