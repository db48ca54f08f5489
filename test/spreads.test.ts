/** @file No list of a user's length is spread into a call: beyond some 120,000 arguments the stack overflows. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFiles, root } from "./markdown.ts";

/** Calls whose arguments are one list spread: `Math.max(...values)`, `list.push(...more)`, `String.fromCharCode(...bytes)`. */
const SPREAD =
  /\b(?:Math\.(?:max|min|hypot)|fromCharCode|fromCodePoint|(?:\.|\?\.)(?:push|unshift|splice|concat|apply))\((?:[^()\n]*,)?\s*\.\.\..*/g;

/** Lists that are as long as something small: a model's layers or inputs, an image's sides or pictures, five bytes. */
const SHORT: Readonly<Record<string, string>> = {
  "src/model/crate/positions.ts": "waves(",
  "src/method/redunet/grams.ts": "...layers",
  "src/method/redunet/construction.ts": "...net.layers",
  "src/tensor/torch-file.ts": "bytes.subarray(257, 262)",
  "src/inspect/segment/segment-images.ts": "await draw",
  "src/base/extremes.ts": "overflows the stack", // a comment
  "src/train/locate.ts": "...inputs",
  "src/method/dino/crops.ts": "...sides(",
  "src/method/supervised/checks.ts": "...sides(",
  "src/model/convolutional/encoders.ts": "...sides(",
  "src/model/stem.ts": "Math.max(...",
};

test("spreads are of short lists", () => {
  // experiments of the theory choose their own sizes
  const sources = projectFiles().filter((path) => /^src\/(?!theory\/).*(?<!\.test)\.ts$/.test(path));
  const found = sources.flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(SPREAD)].map(([call]) => [path, call] as const),
  );
  expect(found.filter(([path, call]) => !call.includes(SHORT[path] ?? "\0"))).toEqual([]);
  expect(new Set(found.map(([path]) => path))).toEqual(new Set(Object.keys(SHORT)));
});
