/** @file One of several processes that train together: tiny runs, one after the other, each into a folder of its name. */

import { join } from "node:path";
import { trainRun } from "../src/method/train-run.ts";
import { memory } from "../src/tensor/index.ts";
import { quietly } from "./tiny.ts";
import { tinyRecipe } from "./tiny-methods.ts";

/** [name, port, settings over the tiny run's] of each run. */
const [root, words, list] = process.argv.slice(2) as [string, string, string];
for (const [name, port, settings] of JSON.parse(list) as [string, number, object][]) {
  process.env.MASTER_PORT = String(port);
  await trainRun(tinyRecipe(name, words, settings as never), quietly(join(root, name)));
  if (memory().tensors > 0) throw new Error(`${name} leaves ${memory().tensors} tensors`);
}
