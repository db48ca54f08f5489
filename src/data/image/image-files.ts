/** @file The images below a folder, in torchvision's order, and what is left out. */
import { realpathSync } from "node:fs";
import { extname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { byCodePoint, counted, entries, some } from "../../base/file-names.ts";
import { talk } from "../../base/talk.ts";
import { ENDINGS } from "./endings.ts";

/** Paths inside a folder; `leftOut` are those of other files. */
export interface ImageFiles {
  files: string[];
  leftOut: string[];
}

const isImage = (name: string): boolean => ENDINGS.includes(extname(name).toLowerCase());

/** The folders in a folder, sorted: the classes. Hidden ones are none, and neither are files beside them. */
export function classFolders(path: string): { names: string[]; leftOut: string[] } {
  const found = entries(path);
  const isClass = ({ name, kind }: (typeof found)[number]) => kind === "folder" && !name.startsWith(".");
  const leftOut = found.filter((entry) => !isClass(entry)).map(({ name }) => name);
  return { names: found.filter(isClass).map(({ name }) => name), leftOut };
}

/**
 * The images of a folder and of those below it: folder by folder in the order of their paths, each by name.
 * @throws DataError where a folder or name cannot be read, a link leads nowhere or back, or an image is no file
 */
export function imageFiles(path: string): ImageFiles {
  const images: ImageFiles = { files: [], leftOut: [] };
  const folders: { at: string; names: ReturnType<typeof entries> }[] = [];
  const visit = (at: string, above: readonly string[]): void => {
    const names = entries(join(path, at));
    folders.push({ at, names });
    for (const { name, kind, link } of names) {
      if (kind !== "folder") continue;
      const below = join(at, name);
      const real = link ? realpathSync(join(path, below)) : join(above.at(-1)!, name);
      if (above.includes(real))
        throw new DataError(`${join(path, below)}: a link back to ${real}, which it is in; remove it`, {
          path: join(path, below),
        });
      visit(below, [...above, real]);
    }
  };
  visit("", [realpathSync(path)]);
  for (const { at, names } of folders.sort((a, b) => byCodePoint(a.at, b.at)))
    for (const { name, kind } of names) {
      const file = join(at, name);
      if (kind === "file" && isImage(name)) images.files.push(file);
      else if (kind === "neither" && isImage(name))
        throw new DataError(`${join(path, file)}: no file, but a device, pipe or socket; remove it`, {
          path: join(path, file),
        });
      else if (kind !== "folder") images.leftOut.push(file);
    }
  return images;
}

/** The images right in a folder. @throws DataError as `imageFiles` */
export function imagesIn(path: string): ImageFiles {
  const names = entries(path).filter(({ kind }) => kind !== "folder");
  const pick = (image: boolean) =>
    names.filter(({ name, kind }) => (kind === "file" && isImage(name)) === image).map(({ name }) => name);
  return { files: pick(true), leftOut: pick(false) };
}

/** One line about what is left out: how many, and the first of them. */
export function sayLeftOut(where: string, leftOut: readonly string[]): void {
  if (leftOut.length === 0) return;
  talk(`${where}: ${counted(leftOut.length, "file")} left out, no image of a class: ${some(leftOut)}`);
}
