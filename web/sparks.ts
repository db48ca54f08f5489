/** @file What the small curves of a run are drawn from; read for runs that are in view, a few at a time. */

import type { ProbeRow, RunRow } from "../src/studio/shapes.ts";
import type { Studio } from "./source/source.ts";

export interface SparkData {
  readonly values: readonly (number | null)[];
  /** Drawn pale behind: the layers before training. */
  readonly ghost?: readonly (number | null)[];
  /** In words. */
  readonly label: string;
  /** The number that stands beside it. */
  readonly last: number | undefined;
}
export interface Sparks {
  readonly loss?: SparkData | undefined;
  readonly rate?: SparkData | undefined;
}

/** What methods lower or raise, the first that a run has. */
const OBJECTIVES = ["loss", "encoderObjective", "discriminator", "deltaR"].map((leaf) => `train/${leaf}`);

const kept = new Map<string, Promise<Sparks>>();
/** So many runs are read at once. */
const LANES = 4;
const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
let turn = 0;

export function sparksOf(studio: Studio, run: RunRow): Promise<Sparks> {
  const key = `${run.id} ${run.step} ${run.changed}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const lane = turn++ % LANES;
  const read = lanes[lane]!.then(async () => {
    const [loss, rate] = await Promise.all([lossOf(studio, run.id), rateOf(studio, run.id)]);
    return { loss, rate };
  });
  lanes[lane] = read;
  kept.set(key, read);
  return read;
}

async function lossOf(studio: Studio, id: string): Promise<SparkData | undefined> {
  const found = await studio.metrics(id, { names: OBJECTIVES, px: 60 }).catch(() => undefined);
  const name = OBJECTIVES.find((each) => found?.columns[each] !== undefined);
  if (found === undefined || name === undefined) return undefined;
  const values = [...found.columns[name]!.last].filter((x) => !Number.isNaN(x));
  return { values, last: values.at(-1), label: `${name} over ${found.rows} records` };
}

async function rateOf(studio: Studio, id: string): Promise<SparkData | undefined> {
  const rows = await studio.probes(id).catch((): ProbeRow[] => []);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (last.rc.every((x) => x === null)) return undefined;
  const isGhost = first.step === 0 && last.step > 0;
  return {
    values: last.rc,
    ...(isGhost && { ghost: first.rc }),
    last: last.rc.at(-1) ?? undefined,
    label: `coding rate behind each of ${last.rc.length - 1} layers at step ${last.step}`,
  };
}
