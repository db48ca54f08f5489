/** @file The two runs of a comparison: the first in the palette's first colour, the second in its second. */

import type { RunHere } from "../source/source.ts";

export interface Both {
  readonly a: RunHere;
  readonly b: RunHere;
}
