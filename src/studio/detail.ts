/** @file All that the page says of one run, but for its numbers. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { listCheckpoints, pathOf } from "../train/checkpoint-folder.ts";
import type { Run } from "./catalogue.ts";
import type { Columns } from "./metrics/columns.ts";
import type { CheckpointRow, MethodPage, RunDetail } from "./shapes.ts";

export function detailOf({ row, path }: Run, columns: Columns, exact: boolean): RunDetail {
  const recipe = recipeOf(path);
  const { train, seed } = recipe as { train?: { steps?: unknown }; seed?: unknown };
  const checkpoints = checkpointsOf(path);
  return {
    ...row,
    recipe,
    yaml: yamlOf(recipe),
    ...(typeof train?.steps === "number" && { steps: train.steps }),
    ...(typeof seed === "number" && { seed }),
    checkpoints,
    metrics: Object.fromEntries([...columns.byName].map(([name, { length }]) => [name, length])),
    metricsExact: exact,
    scores: scoresOf(columns),
    hasReport: existsSync(join(path, "report.json")),
    hasProbes: existsSync(join(path, "probes.jsonl")),
    ...noModel(row.method, checkpoints),
    pages: checkpoints.length > 0 ? pagesOf(row) : [],
  };
}

/** A recipe for people. */
export const yamlOf = (recipe: unknown): string => stringify(recipe, { lineWidth: 0 });

function recipeOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(join(path, "recipe.json"), "utf8"));
  } catch {
    return {}; // the row has the problem
  }
}

function checkpointsOf(path: string): CheckpointRow[] {
  const folder = join(path, "checkpoints");
  if (!existsSync(folder)) return [];
  return listCheckpoints(folder).map(({ name, step, best, last }) => {
    const weights = join(pathOf(folder, name), "model.safetensors");
    const bytes = statSync(weights, { throwIfNoEntry: false })?.size ?? 0;
    return { name, step, isLast: last, isBest: best, bytes };
  });
}

/** Numbers of the last evaluation. */
function scoresOf(columns: Columns): Record<string, number> {
  const found = [...columns.byName].filter(([name]) => name.startsWith("eval/"));
  const last = found.reduce((most, [, { steps, length }]) => Math.max(most, steps[length - 1] ?? 0), 0);
  return Object.fromEntries(
    found.flatMap(([name, { steps, values, length }]) =>
      // float32 in the fewest digits that tell it
      steps[length - 1] === last ? [[name, Number(values[length - 1]!.toPrecision(7))]] : [],
    ),
  );
}

/** What the pages of methods show needs a checkpoint. */
const PAGES: Readonly<Record<string, readonly MethodPage[]>> = {
  mae: ["mask"],
  ctrl: ["traverse"],
  ictrl: ["traverse"],
  cpp: ["memberships"],
  redunet: ["construct"],
  language: ["text"],
  dino: ["segments"],
};

/** Classifiers whose class token attends to patches. */
const HAS_PATCHES = /^(crate|vit)/;

const pagesOf = ({ method, model }: Run["row"]): readonly MethodPage[] =>
  PAGES[method] ?? (method === "supervised" && HAS_PATCHES.test(model) ? ["segments"] : []);

/** Bytes of weights that a page takes in. */
const MOST_BYTES = 2 ** 26;

function noModel(
  method: string,
  checkpoints: readonly CheckpointRow[],
): Pick<RunDetail, "noModel" | "isLarge"> {
  const best = checkpoints.find(({ isBest }) => isBest) ?? checkpoints.at(-1);
  if (best === undefined) return { noModel: "there is no checkpoint yet" };
  if (best.bytes > MOST_BYTES)
    return {
      noModel: `the model is too large for the page: ${(best.bytes / 2 ** 20).toFixed(0)} MiB`,
      isLarge: OF_PICTURES.has(method),
    };
  return OF_PICTURES.has(method)
    ? {}
    : { noModel: `the page draws on classifiers of pictures; ${method} makes none` };
}

/** Methods whose networks say the class of a picture. */
const OF_PICTURES = new Set(["supervised"]);
