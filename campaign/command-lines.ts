/** @file Files of every kind that commands read, and command lines that name them at random. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Command, Option } from "commander";
import { npyChunks } from "../src/data/formats/npy.ts";
import { saveTensors, scope, tensor } from "../src/tensor/index.ts";
import { seedImages, seedOnnx, seedReport } from "./fuzz-seeds.ts";
import type { Dice } from "./mutate.ts";
import type { RunWorker } from "./run-workers.ts";
import { METHODS, writeRuns } from "./tiny-runs.ts";

/**
 * Command lines that are right, to be changed: setup, doctor and data get reach for the network, verify takes minutes.
 * METHOD is any of the methods, OUT a folder to write to.
 */
const RIGHT = [
  "train METHOD.json --output OUT/runs --max-steps 2 --progress none",
  "train METHOD.json --output OUT/runs --max-steps 2 --progress none",
  "eval runs/METHOD --checkpoint last",
  "inspect runs/METHOD --count 4 --output OUT/r",
  "inspect w.safetensors",
  "inspect report.json",
  "reconstruct runs/mae --output OUT/m.png",
  "reconstruct runs/METHOD --output OUT/m.png",
  "segment runs/dino flat --output OUT/s",
  "segment runs/METHOD images/a/p0.png --output OUT/s",
  "sample runs/METHOD --output OUT/s.png",
  "generate runs/language --length 4",
  "fidelity runs/METHOD --count 20",
  "fidelity x0.npy --against x0.npy",
  "features runs/METHOD --output OUT/f.npz",
  "features images --encoder encoder.onnx --output OUT/f.npy",
  "search x0.npy 1 --count 2",
  "cluster x0.npy --clusters 2 --labels x1.npy --output OUT/c.json",
  "convert runs/METHOD OUT/w.safetensors",
  "convert w.safetensors OUT/w.safetensors",
  "models ls",
  "models show crate_tiny",
  "recipes ls",
  "runs ls",
  "recipes show digits",
  "data ls",
  "data show manifolds",
  "config print METHOD.json",
  "config check METHOD.json",
  "config keys",
  "completion zsh",
] as const;

/** Flags that are left alone: their values lie elsewhere. */
const LEFT_ALONE = /^--(help|plugin|train\.threads|data\.dir)$/;

const SMALL = "1 2 3 0.5".split(" ");
const NUMBERS = "-1 0 1 2 3 7 0.5 -0 1e-300 1e308 2147483648 9007199254740993 NaN inf 0x10 1_000".split(" ");
const WORDS = ["", " ", "x", "best", "last", "train", "test", "__proto__", "\u202ex", "\u001b[31mx", "a,b", "null", "[1]", "{}"]; // biome-ignore format: a list

export interface CommandLines {
  /** Where they run. */
  folder: string;
  /** A command line; what it writes goes below the folder `out`. */
  draw(dice: Dice, out: string): string[];
}

/** Makes files and runs below `root`. */
export async function commandLines(root: string, worker: RunWorker): Promise<CommandLines> {
  const recipes = writeRuns(root);
  for (const method of METHODS) {
    const run = join(root, "runs", method);
    const { code, text } = await worker.perform({ root, recipe: recipes.get(method)!, run });
    if (code !== 0) throw new Error(`${method}: the run ended with ${code}: ${text}`);
  }
  const files = await writeFiles(root);
  const runs = METHODS.map((method) => `runs/${method}`);
  const paths = [...files, ...runs, ...[...recipes.values()].map((path) => basename(path))];
  const { program } = (await import(new URL("../dist/cli/program.js", import.meta.url).href)) as {
    program: (args: readonly string[], all: boolean) => Promise<Command>;
  };
  const commands = new Map((await program([], true)).commands.map((command) => [command.name(), command]));

  function draw(dice: Dice, out: string): string[] {
    const one = (...lists: (readonly string[])[]): string => dice.of(dice.of(lists));
    const line = dice.of(RIGHT).replaceAll("METHOD", dice.of(METHODS)).replaceAll("OUT", out);
    const words = line.split(" ");
    const outer = commands.get(words[0]!)!;
    const { options } = outer.commands.find((command) => command.name() === words[1]) ?? outer;
    const flag = ({ long, flags, required, optional, argChoices }: Option): string[] => {
      if (long == null || LEFT_ALONE.test(long)) return [];
      if (!required && !(optional && dice.below(2) > 0)) return [long];
      if (argChoices !== undefined && dice.below(5) > 0) return [long, dice.of(argChoices)];
      if (/output|save|figure/.test(long)) return [long, `${out}/${one(["a.json", "b.csv", "c.npy", "d", "", "e.png"])}`]; // biome-ignore format: short
      return [long, /file|dir|folder|path/i.test(flags) ? one(paths, paths, WORDS) : one(SMALL, SMALL, NUMBERS, WORDS, paths)]; // biome-ignore format: short
    };
    for (let count = dice.below(4); count > 0; count--) {
      const kind = dice.below(5);
      if (kind > 1 && options.length > 0) words.push(...flag(dice.of(options)));
      else if (kind === 1) words.splice(1 + dice.below(words.length), 1);
      else if (words.length > 1) {
        const at = 1 + dice.below(words.length - 1);
        if (!/^--|^out-/.test(words[at]!)) words[at] = one(paths, paths, NUMBERS, WORDS);
      }
    }
    return words;
  }
  return { folder: root, draw };
}

/** Small files of every format, good and bad. @returns their paths below the folder */
async function writeFiles(root: string): Promise<string[]> {
  const files = new Map<string, Uint8Array | string>();
  const arrays = scope(
    () =>
    [tensor([[1, 2], [3, 4], [5, 6]]), tensor(Int32Array.of(0, 1, 1)), tensor([[Number.NaN, 2]])].map((x) => Buffer.concat(npyChunks(x))), // biome-ignore format: short
  );
  for (const [i, bytes] of arrays.entries()) files.set(`x${i}.npy`, bytes);
  for (const [i, bytes] of (await seedImages()).entries()) {
    files.set(`images/${i % 2 === 0 ? "a" : "b"}/p${i}.png`, bytes);
    files.set(`flat/q${i}.jpg`, bytes);
  }
  files.set("encoder.onnx", seedOnnx());
  files.set("report.json", await seedReport());
  files.set("labels.csv", "label\n0\n1\n1\n");
  files.set("table.csv", "a,b\n1,2\n3,x\n");
  files.set("words.txt", "the cat sat\non the mat\n\n");
  files.set("words.txt.gz", gzipSync("the cat sat\non the mat\n"));
  files.set("empty", "");
  files.set("empty.npy", "");
  files.set("null.json", "null");
  files.set("list.json", "[1, 2]");
  files.set("object.json", '{"name": "x", "model": {}}');
  files.set("odd.yaml", "model: [1]\ntrain: 7\n");
  files.set("zero.pth", new Uint8Array(64));
  for (const [name, data] of files) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), data);
  }
  scope(() => saveTensors(join(root, "w.safetensors"), new Map([["head.weight", tensor([[1, 2], [3, 4]])], ["b", tensor([1])]]))); // biome-ignore format: short
  for (const folder of ["nothing", "out-0", "out-1"]) mkdirSync(join(root, folder));
  symlinkSync("missing", join(root, "broken.png"));
  return [...files.keys(), "w.safetensors", "images", "flat", "nothing", "broken.png", "missing", "/dev/null", "data/mnist", "data/verse.txt", "runs"]; // biome-ignore format: a list
}
