/** @file What a folder holds: names that can be read, in the order of code points, and links for what they lead to. */
import { isUtf8 } from "node:buffer";
import { readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "./errors.ts";

/** Halves of characters above U+FFFF moved behind all others. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Order of code points, as Python's `sorted` has it; JavaScript's own compares UTF-16 halves and puts 🍎 before ａ. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export interface Entry {
  name: string;
  kind: "file" | "folder" | "neither";
  link: boolean;
}

/**
 * The entries of a folder, sorted.
 * @param wanted which names are looked at; all unless given
 * @throws DataError where it cannot be read, and for a name that is no UTF-8 or a link that leads nowhere
 */
export function entries(folder: string, wanted: (name: string) => boolean = () => true): Entry[] {
  const found: Entry[] = [];
  for (const { raw, link, kind } of listed(folder)) {
    const valid = isUtf8(raw);
    const name = valid ? raw.toString("utf8") : escaped(raw);
    if (!wanted(name)) continue;
    const path = join(folder, name);
    if (!valid)
      throw new DataError(`${path}: a name that is not UTF-8 (bytes as \\x..); rename it`, { path });
    found.push({ name, link, kind: link ? kindOf(behind(path)) : kind });
  }
  return found.sort((a, b) => byCodePoint(a.name, b.name));
}

function listed(folder: string): { raw: Buffer; link: boolean; kind: Entry["kind"] }[] {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: "buffer" }).map((entry) => ({
      ...{ raw: entry.name, link: entry.isSymbolicLink(), kind: kindOf(entry) },
    }));
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const what = { ENOENT: "is missing", ENOTDIR: "is no folder" }[code] ?? `cannot be read: ${message}`;
    throw new DataError(`${folder} ${what}; expected a folder`, { path: folder, cause });
  }
}

const kindOf = (entry: Pick<Stats, "isFile" | "isDirectory">): Entry["kind"] =>
  entry.isFile() ? "file" : entry.isDirectory() ? "folder" : "neither";

/** What a link leads to. */
function behind(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new DataError(
      `${path}: a link that leads nowhere (${(cause as NodeJS.ErrnoException).code}); remove or mend it`,
      { path, cause },
    );
  }
}

/** ASCII as it is, every other byte as \xE9. */
const escaped = (raw: Uint8Array): string =>
  Array.from(raw, (byte) =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");

/** "3 files", "1 class", "2 classes": a count with its noun. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** The first three of some names, and how many more there are. */
export function some(names: readonly string[]): string {
  const rest = names.length - 3;
  return `${names.slice(0, 3).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
