/** @file The sweeps below the studio's folder: what `vitrine sweep` notes of them, with the ids of their runs. */

import { readdirSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { inWords, over, readSweep, SWEEP_FILE, type Sweep, type SweepSetting } from "../sweep/index.ts";
import { type Catalogue, idOf } from "./catalogue.ts";
import type { SweepRow, SweepSettingRow } from "./shapes.ts";

/** Folders below the root that are looked through: `runs/group/sweep`. */
const DEEPEST = 2;

/** Every sweep, by name. One whose file is damaged is there with what is wrong. */
export function sweepRows(catalogue: Catalogue): SweepRow[] {
  const folders = foldersOf(catalogue, catalogue.root, 0);
  return folders.map((folder) => sweepRow(catalogue.root, folder)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function foldersOf(catalogue: Catalogue, folder: string, depth: number): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const isSweep = entries.some(({ name }) => name === SWEEP_FILE);
  if (isSweep) return catalogue.inside(join(folder, SWEEP_FILE)) === undefined ? [] : [folder];
  if (depth === DEEPEST || entries.some(({ name }) => name === "recipe.json")) return [];
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
    .flatMap(({ name }) => foldersOf(catalogue, join(folder, name), depth + 1));
}

/** The sweep of a folder; ids are those of runs by their paths below `root`. */
export function sweepRow(root: string, folder: string): SweepRow {
  const path = relative(root, folder).split(sep).join("/");
  const base = { id: idOf(`sweep ${path}`), name: path || basename(folder) };
  try {
    const sweep = readSweep(folder)!;
    const { figure, recipe, chosen } = sweep;
    const settings = sweep.settings.map((setting) => settingOf(sweep, setting, path));
    return { ...base, recipe: recipe.name, ...(figure !== undefined && { figure }), ...(chosen !== undefined && { chosen }), settings }; // biome-ignore format: short
  } catch (error) {
    return { ...base, recipe: "", settings: [], problem: (error as Error).message };
  }
}

function settingOf({ chosen }: Sweep, setting: SweepSetting, path: string): SweepSettingRow {
  const { name, values, problem, parameters, flops, runs } = setting;
  const score = over(setting, "score")?.mean;
  return {
    ...{ name, words: inWords(values), isChosen: name === chosen },
    ...(problem !== undefined && { problem }),
    ...(parameters !== undefined && { parameters }),
    ...(flops !== undefined && { flops }),
    ...{ validation: over(setting, "validation"), test: over(setting, "test"), score },
    ...{ steps: over(setting, "steps")?.mean, processorSeconds: over(setting, "processorSeconds")?.mean },
    runs: runs.map(({ run, seed, state }) => ({
      id: idOf(path === "" ? run : `${path}/${run}`),
      seed,
      state,
    })),
  };
}
