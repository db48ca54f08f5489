/** @file Lines on stderr. */

import { plainLines, shortened } from "./plain-text.ts";

/** Lines for the person watching, on stderr; very long ones are cut in the middle. */
export function talk(text: string): void {
  const lines = plainLines(text).split("\n");
  process.stderr.write(`${lines.map((line) => shortened(line)).join("\n")}\n`);
}
