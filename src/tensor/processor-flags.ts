/** @file What the processor can do, as Linux lists it. */

import { existsSync, readFileSync } from "node:fs";

/** Flags of the first processor; none where there is no such list. */
export function processorFlags(): Set<string> {
  const path = "/proc/cpuinfo";
  const line = existsSync(path) ? /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(path, "utf8")) : null;
  return new Set((line?.[1] ?? "").trim().split(/\s+/));
}
