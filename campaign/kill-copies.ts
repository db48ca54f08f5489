/** @file A process that is killed leaves its files as they are: copies of a run's folder before any operation are as good. */

import { random } from "../src/tensor/random.ts";
import { brokenPromises, differences, endingOf, hangs } from "./run-check.ts";
import type { Done } from "./run-worker.ts";
import type { RunWorker } from "./run-workers.ts";

/** Copies of one run. Those of the runs that go on from them are kills of a run that was killed before. */
const COPIES = 8;

/** A run that is killed at instants drawn at random. */
export interface Victim {
  root: string;
  recipe: string;
  run: string;
  /** Writing operations of the run, the time it takes, and how it ends when nobody kills it. */
  writing: number;
  seconds: number;
  ending: Record<string, unknown>;
}

/**
 * Copies a run's folder at random writing operations, half of the time in the middle of one, and goes on from each.
 * @param remove called with each folder that is no longer needed, and whether something was wrong in it
 * @returns how many kills that was, and what was promised and not kept
 */
export async function killByCopies(
  worker: RunWorker,
  { root, recipe, run, writing, seconds, ending }: Victim,
  seed: number,
  remove: (folder: string, wrong: boolean) => void,
): Promise<{ kills: number; wrong: string[] }> {
  const dice = random(seed);
  const draw = (count: number) =>
    Array.from({ length: count }, () => 1 + Math.floor(dice.number() * writing)).sort((a, b) => a - b);
  const wrong: string[] = [];
  let kills = 0;
  const judge = (folder: string, done: Done & { seconds: number }) => {
    const found = [
      ...(done.code === 0 ? [] : [`ended with ${done.code}: ${done.text}`]),
      ...hangs(done.seconds, seconds),
      ...brokenPromises(folder),
      ...(done.code === 0 ? differences(endingOf(folder), ending) : []),
    ];
    wrong.push(...found.map((text) => `${folder.slice(root.length + 1)}: ${text}`));
    remove(folder, found.length > 0);
  };
  /** Goes on from a copy, and once more from a copy that is made meanwhile. */
  const goOn = async (copy: string, again: number[]): Promise<void> => {
    kills++;
    wrong.push(...brokenPromises(copy));
    const done = await worker.perform({ root, recipe, run: copy, copies: again });
    judge(copy, done);
    for (const second of done.copied) await goOn(second, []);
  };
  const whole = await worker.perform({ root, recipe, run, copies: draw(COPIES) });
  judge(run, whole);
  for (const copy of whole.copied) await goOn(copy, draw(1));
  return { kills, wrong };
}
