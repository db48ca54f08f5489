/** @file Where a run's pictures go. */

import { join } from "node:path";
import { makeFolder, makeInnerFolder } from "../base/write-file.ts";
import { type Pixels, writePng } from "../chart/pixels.ts";
import type { ViewOptions } from "./views.ts";

/** Writes a run's picture. @returns its path */
export async function writePicture(
  folder: string,
  { output }: Pick<ViewOptions, "output">,
  name: string,
  pixels: Pixels,
): Promise<string> {
  const where = output ?? makeInnerFolder(join(folder, "pictures"));
  makeFolder(where);
  const path = join(where, `${name}.png`);
  await writePng(path, pixels);
  return path;
}
