/** @file One of several processes that make runs together, one after the other: how each ends, as lines of JSON. */

import { join } from "node:path";
import { resolveRecipe } from "../src/method/recipe.ts";
import { trainRun } from "../src/method/train-run.ts";
import { findRecipe } from "../src/recipe/recipes.ts";
import type { RankEnd, RankRun } from "./rank-runs.ts";
import { quietly } from "./tiny.ts";

const [output, list] = process.argv.slice(2) as [string, string];
for (const { name, port, recipe, settings, maxSteps } of JSON.parse(list) as Required<RankRun>[]) {
  process.env.MASTER_PORT = String(port);
  const values = settings[Number(process.env.RANK) % settings.length]!;
  const end: RankEnd = { name, code: 0, message: "" };
  try {
    const base = recipe === undefined ? [] : [findRecipe(recipe)];
    const resolved = resolveRecipe([...base, { origin: name, values }]).recipe;
    await trainRun(resolved, quietly(join(output, name), maxSteps === undefined ? {} : { maxSteps }));
  } catch (error) {
    const { exitCode: code = 70, message } = error as Error & { exitCode?: number };
    Object.assign(end, { code, message });
  }
  process.stdout.write(`${JSON.stringify(end)}\n`);
}
process.exit(0); // a group that failed may leave threads that wait
