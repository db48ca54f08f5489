/** @file A run of every method that takes a second or two, and the built program that trains it. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../src/base/errors.ts";
import { crowded } from "./run-check.ts";

const crate = { dim: 16, depth: 1, heads: 2, patch: 14, imageSize: 28 };
const fixed = { threads: 1, device: "cpu" };
const every = { ...fixed, logInterval: 1 };
const closedLoop = { features: 8, width: 4 };
const digits = { name: "mnist", workers: 0 };

/** What a recipe needs besides the data; each saves, evaluates and prunes several times. */
const RUNS: Record<string, { model?: object; data?: object; method?: object; train: object }> = {
  supervised: {
    model: { name: "crate", ...crate },
    train: { ...every, epochs: 2, batchSize: 20, lr: 0.01, checkpointEvery: 3 },
  },
  mae: {
    model: { name: "crate_mae", ...crate, patch: 7 },
    train: { ...every, epochs: 2, batchSize: 20, lr: 0.01, checkpointEvery: 2 },
  },
  dino: {
    model: { name: "vit", ...crate, patch: 7, hidden: 16, bottleneck: 8, prototypes: 16 },
    method: { localCrops: 1, localSize: 14, neighbours: 5 },
    train: { ...every, epochs: 2, batchSize: 20, lr: 0.001, warmupEpochs: 0, checkpointEvery: 3 },
  },
  probe: {
    model: { name: "crate", ...crate },
    train: { ...every, epochs: 2, batchSize: 20, lr: 0.1, checkpointEvery: 2 },
  },
  language: {
    model: { name: "crate_gpt", dim: 16, depth: 1, heads: 2, context: 8 },
    data: { name: "text:verse.txt" },
    train: { ...every, steps: 6, batchSize: 4, lr: 0.01, evalEvery: 3, evalBlocks: 4, checkpointEvery: 2 },
  },
  mcr2: {
    model: { name: "resnet10mnist", features: 8, imageSize: 28 },
    method: { components: 2 },
    train: { ...every, epochs: 2, batchSize: 30, lr: 0.01, checkpointEvery: 1 },
  },
  tcr: {
    model: { name: "ctrl_mnist", ...closedLoop },
    method: { changes: "mnist", components: 2 },
    train: {
      ...every,
      epochs: 2,
      batchSize: 30,
      optimizer: "adam",
      lr: 1e-3,
      warmupEpochs: 0,
      checkpointEvery: 1,
    },
  },
  ctrl: {
    model: { name: "ctrl_mnist", ...closedLoop },
    method: { components: 2 },
    train: { ...every, steps: 4, batchSize: 30, lr: 1e-3, evalEvery: 2, checkpointEvery: 1 },
  },
  ictrl: {
    model: { name: "ictrl", ...closedLoop },
    method: { directions: 2, samples: 3, nearest: 4, components: 2 },
    train: {
      ...every,
      firstSteps: 2,
      firstBatchSize: 10,
      epochs: 1,
      batchSize: 10,
      lr: 1e-3,
      checkpointEvery: 3,
    },
  },
  generative: {
    model: { name: "dcgan", ...closedLoop },
    method: { components: 2 },
    train: { ...every, steps: 4, batchSize: 20, lr: 1e-3, evalEvery: 2, checkpointEvery: 1 },
  },
  cpp: {
    model: { hidden: 16, features: 8 },
    data: { name: "manifolds", classes: 3, perClass: 40, dim: 8 },
    method: { clusters: 3, warmup: 2, points: 60, repeats: 1, counts: [2, 3] },
    train: { ...every, epochs: 2, batchSize: 40, lr: 0.01, evalEvery: 3, checkpointEvery: 1 },
  },
  incremental: {
    model: { name: "classifier", ...closedLoop },
    method: { strategy: "icarl", tasks: 2, memory: 20 },
    train: { ...fixed, epochs: 1, batchSize: 10, lr: 1e-3 },
  },
  redunet: {
    model: { layers: 8 },
    data: { name: "gaussian2d", perClass: 20 },
    method: { components: 1, shifts: 0 },
    train: fixed,
  },
};

export const METHODS = Object.keys(RUNS);

/** Writes the data and a recipe of each method into a folder. @returns paths of the recipes by method */
export function writeRuns(folder: string): Map<string, string> {
  mkdirSync(join(folder, "data", "mnist"), { recursive: true });
  for (const [split, count] of [
    ["train", 60],
    ["t10k", 30],
  ] as const) {
    const side = 28;
    // a bar whose place and length say the class, with noise from a small generator
    const images = Uint8Array.from({ length: count * side * side }, (_, i) => {
      const [image, y, x] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
      const noise = (Math.imul(i + 1, 2654435761) >>> 24) / 4;
      return (Math.floor(y / 3) === image % 10 && x > image % 7 ? 190 : 0) + noise;
    });
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    writeFileSync(
      join(folder, "data", "mnist", `${split}-images-idx3-ubyte`),
      idx(images, [count, side, side]),
    );
    writeFileSync(join(folder, "data", "mnist", `${split}-labels-idx1-ubyte`), idx(labels, [count]));
  }
  writeFileSync(
    join(folder, "data", "verse.txt"),
    "the cat sat on the mat\na bird sang in the tree\n".repeat(20),
  );
  return new Map(
    Object.entries(RUNS).map(([name, { model, data = digits, method, train }]) => {
      const values = { name, model, data, method: { name, ...method }, train };
      const path = join(folder, `${name}.json`);
      writeFileSync(path, JSON.stringify(values));
      return [name, path];
    }),
  );
}

const idx = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.writeUInt16BE(0x0800 + sizes.length, 2);
  for (const [i, size] of sizes.entries()) head.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([head, bytes]);
};

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** @throws {UsageError} the program has not been built */
export function requireBuilt(): void {
  if (!existsSync(MAIN)) throw new UsageError(`${MAIN} is missing; npm run build makes it`);
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
  /** Without those that it waited for a processor. */
  seconds: number;
}

/** A process that trains by a recipe beside the data, into `FOLDER/NAME`, going on with what is there. */
export function train(
  recipe: string,
  run: string,
  { env = {}, node = [] }: { env?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const [output, experiment] = [resolve(run, ".."), run.split("/").at(-1)!];
  const flags = ["--output", output, "--experiment", experiment, "--resume", "auto", "--progress", "none"];
  const started = performance.now();
  const child = spawn(process.execPath, [...node, MAIN, "train", recipe, ...flags], {
    env: { ...process.env, VITRINE_DATA: join(recipe, "..", "data"), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // it is gone when it has ended, and what it waited with it
  let waited = 0;
  const look = setInterval(() => {
    waited = Math.max(waited, crowded(child.pid!));
  }, 200);
  const ended = new Promise<Ended>((done) => {
    child.on("close", (code, signal) => {
      clearInterval(look);
      done({ code, signal, stderr, seconds: (performance.now() - started) / 1000 - waited });
    });
  });
  return { child, ended };
}
