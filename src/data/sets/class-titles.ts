/** @file Readable names of an image folder's classes, from the file classes.json beside them. */
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { counted } from "../../base/file-names.ts";
import { talk } from "../../base/talk.ts";

const schema = z.union([z.array(z.string()), z.record(z.string(), z.string())]);

/**
 * Titles of the classes: an object names them by their folders, a list in the folders' order. Folders that an object
 * leaves out keep their own names.
 * @throws DataError for a file of another kind, a list of another length, an object that names none of the folders
 */
export function classTitles(path: string, folders: readonly string[]): string[] {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return [...folders];
  const titles = read(path);
  if (Array.isArray(titles)) {
    if (titles.length === folders.length) return titles;
    throw new DataError(
      `${path}: ${counted(titles.length, "title")} in the list, expected ${folders.length}, one for each class in the order of their names`,
      { path },
    );
  }
  const known = new Map(Object.entries(titles));
  const named = folders.filter((name) => known.has(name)).length;
  if (named === 0)
    throw new DataError(
      `${path}: expected an object from folder names, such as "${folders[0]}", to titles; it names none of the classes`,
      { path },
    );
  if (named < folders.length)
    talk(
      `${path}: titles for ${named} of ${counted(folders.length, "class", "classes")}; the others keep their folders' names`,
    );
  return folders.map((name) => known.get(name) ?? name);
}

function read(path: string): string[] | Record<string, string> {
  try {
    // a mark of byte order is no JSON
    return schema.parse(JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")));
  } catch (cause) {
    throw new DataError(`${path}: expected JSON, an object from folder name to title or a list of titles`, {
      path,
      cause,
    });
  }
}
