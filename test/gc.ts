/** @file Garbage collection on demand. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects, and lets finalisers run, until `done` holds or ten rounds are over. */
export async function collectGarbage(done: () => boolean = () => false): Promise<void> {
  for (let round = 0; round < 10 && !done(); round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
