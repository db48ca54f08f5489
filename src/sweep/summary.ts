/** @file What a sweep has found: means and deviations over seeds, the chosen setting, a table of all runs. */

import type { Table } from "../base/csv.ts";
import { valueInWords } from "./grid.ts";
import type { Sweep, SweepRun, SweepSetting } from "./sweep-file.ts";

/** Mean x̄ and deviation s = √(Σ (x − x̄)² / (n − 1)), which one number has not. */
export interface Spread {
  mean: number;
  deviation: number | undefined;
}

/** Nothing of no numbers. */
export function spread(numbers: readonly number[]): Spread | undefined {
  const n = numbers.length;
  if (n === 0) return undefined;
  const mean = numbers.reduce((sum, x) => sum + x, 0) / n;
  if (n === 1) return { mean, deviation: undefined };
  return { mean, deviation: Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)) };
}

/** `72.44 ± 0.31`, in as many digits as four or more tell; a whole number that is the same of all seeds as it is. */
export function spreadInWords(found: Spread | undefined): string {
  if (found === undefined) return "";
  const digits = Math.abs(found.mean) >= 10 ? 2 : 4;
  const { mean, deviation } = found;
  if (deviation === 0 && Number.isInteger(mean)) return String(mean);
  return deviation === undefined
    ? mean.toFixed(digits)
    : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** Over the runs that have it. */
export const over = (
  { runs }: SweepSetting,
  of: "validation" | "score" | "test" | "processorSeconds" | "steps",
) => spread(runs.flatMap((run) => run[of] ?? []));

/** What `vitrine eval` gives on the test split, number by number, over the runs that have it. */
export function scoresOver({ runs }: SweepSetting): Record<string, Spread> {
  const names = namesOf(runs);
  return Object.fromEntries(
    names.map((name) => [name, spread(runs.flatMap(({ scores }) => scores?.[name] ?? []))!]),
  );
}

const namesOf = (runs: readonly Pick<SweepRun, "scores">[]): string[] => [
  ...new Set(runs.flatMap(({ scores }) => Object.keys(scores ?? {}))),
];

/** R^c of each layer over the runs that have it. */
export function ratesOver({ runs }: SweepSetting): Spread[] {
  const all = runs.flatMap(({ rates }) => (rates === undefined ? [] : [rates]));
  return (all[0] ?? []).map((_, layer) => spread(all.map((rates) => rates[layer]!))!);
}

/** Whether every seed has run to its end. */
export const isWhole = ({ runs, problem }: SweepSetting): boolean =>
  problem === undefined && runs.length > 0 && runs.every(({ state }) => state === "done");

/** The setting with the highest mean score, of those that ran with every seed; the first of equals. */
export function choose(sweep: Sweep): SweepSetting | undefined {
  const scored = sweep.settings.filter(isWhole).flatMap((setting) => {
    const score = over(setting, "score")?.mean;
    return score === undefined ? [] : [{ setting, score }];
  });
  return scored.reduce<(typeof scored)[0] | undefined>(
    (a, b) => (a === undefined || b.score > a.score ? b : a),
    undefined,
  )?.setting;
}

/** Keys that any setting has, in the order in which they come. */
export const keysOf = ({ settings }: Pick<Sweep, "settings">): string[] => [
  ...new Set(settings.flatMap(({ values }) => Object.keys(values))),
];

/** A row for each run, of settings that are not run one with the reason. */
export function runTable(sweep: Sweep): Table {
  const keys = keysOf(sweep);
  const scored = namesOf(sweep.settings.flatMap(({ runs }) => runs));
  const columns = [...keys, "seed", "state", "validation", "test", "steps", "parameters", "flops", "processorSeconds", "seconds", "rates", "run", "problem", ...scored.map((name) => `test.${name}`)]; // biome-ignore format: short
  const rows = sweep.settings.flatMap(({ values, parameters, flops, problem, runs }) => {
    const own = keys.map((key) => (key in values ? valueInWords(values[key]) : null));
    const row = ({ seed, state, validation, test, steps, processorSeconds, seconds, rates, run, code, scores }: Partial<SweepRun>) => [
      ...own, ...[seed, state ?? "refused", validation, test, steps, parameters, flops, processorSeconds, seconds, rates?.join(" "), run],
      problem ?? (code === undefined ? null : `exit code ${code}`),
      ...scored.map((name) => scores?.[name] ?? null),
    ]; // biome-ignore format: short
    return problem === undefined ? runs.map(row) : [row({})];
  });
  return { columns, rows };
}
