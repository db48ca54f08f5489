/** @file The pointer `best` beside what the checkpoints say of themselves: a crash can have come between the two. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listCheckpoints, movePointer, pathOf, removePointer } from "./checkpoint-folder.ts";
import { parseSums, sha256 } from "./checkpoint-sums.ts";

/**
 * Points `best` at the checkpoint that was the best when it was saved, the newest such of those up to `step`, from which
 * a run goes on: later ones it takes again. Where there is none, there is no pointer either.
 *
 * @param folder `RUN/checkpoints`
 * @returns whether there is a best checkpoint
 * @throws {DiskError} the pointer cannot be written
 */
export function restoreBest(folder: string, step: number): boolean {
  const entries = listCheckpoints(folder);
  const pointed = entries.find(({ best }) => best);
  const best = entries.findLast(
    (entry) => entry.step <= step && (entry === pointed || wasBest(pathOf(folder, entry.name))),
  );
  if (best === undefined) removePointer(folder, "best");
  else if (best !== pointed) movePointer(folder, "best", best.name);
  return best !== undefined;
}

/** Whether a checkpoint was saved as the best; not where it does not say so, or is damaged there. */
function wasBest(path: string): boolean {
  try {
    const bytes = readFileSync(join(path, "trainer_state.json"));
    const sums = parseSums(readFileSync(join(path, "SHA256SUMS"), "utf8"), path);
    return sums.get("trainer_state.json") === sha256(bytes) && JSON.parse(String(bytes)).best === true;
  } catch {
    return false;
  }
}
