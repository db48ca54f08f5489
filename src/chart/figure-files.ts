/** @file Figures as files. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeInnerFolder, writeFileAtomic, writing } from "../base/write-file.ts";
import type { Figure } from "./index.ts";

/**
 * Writes each figure as NAME.svg with its numbers beside it as NAME.csv, making the folder; of the
 * `stale` names, files of figures that there are no more are removed.
 * @returns the paths of the SVG files
 */
export function writeFigureFiles(
  figures: ReadonlyMap<string, Figure>,
  folder: string,
  stale: readonly string[] = [],
): string[] {
  makeInnerFolder(folder);
  writing(folder, () => {
    for (const name of stale)
      if (!figures.has(name))
        for (const end of ["svg", "csv"]) rmSync(join(folder, `${name}.${end}`), { force: true });
  });
  return [...figures].map(([name, { svg, csv }]) => {
    const path = join(folder, `${name}.svg`);
    writeFileAtomic(path, svg);
    writeFileAtomic(join(folder, `${name}.csv`), csv);
    return path;
  });
}
