/** @file What was opened last, kept open: a page asks the same network again and again. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { openSource, type Source } from "../../export/open.ts";
import { listCheckpoints, pathOf } from "../../train/checkpoint-folder.ts";

let last: { key: string; opened: Disposable } | undefined;

/**
 * What `open` gives for a run's checkpoint. It belongs to this file: the next thing that is opened frees it. A checkpoint
 * that was written anew is opened anew.
 */
export async function held<T extends Disposable>(
  folder: string,
  checkpoint: string,
  kind: string,
  open: () => Promise<T> | T,
): Promise<T> {
  const key = JSON.stringify([kind, folder, ...stateOf(join(folder, "checkpoints"), checkpoint)]);
  if (last?.key === key) return last.opened as T;
  last?.opened[Symbol.dispose]();
  last = undefined;
  const opened = await open();
  last = { key, opened };
  return opened;
}

/** The network of a run at a checkpoint, in evaluation mode. */
export const heldSource = (folder: string, checkpoint: string): Promise<Source> =>
  held(folder, checkpoint, "network", () => openSource(folder, { checkpoint }));

function stateOf(folder: string, checkpoint: string): [string, number] {
  const found = listCheckpoints(folder).find(
    ({ name, best, last }) =>
      name === checkpoint || (checkpoint === "best" && best) || (checkpoint === "last" && last),
  );
  if (found === undefined) return [checkpoint, 0]; // opening it says what is wrong
  return [found.name, statSync(pathOf(folder, found.name)).mtimeMs];
}
