/** @file Files of text: those of a folder with the part that their names say, and their characters. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { byCodePoint, entries } from "../../base/file-names.ts";
import { unpack } from "../../base/unpack.ts";
import { type Part, partIn, partOf } from "../sets/parts.ts";

const ENDING = /\.txt(\.gz)?$/i;

export interface TextFile {
  /** Path inside the folder. */
  file: string;
  /** What it is for, where its name or its folder's says so. */
  part: Part | undefined;
}

/**
 * The texts of a folder, and of those in it that are called after a part, such as train/; sorted.
 * @param ending of the files that are texts
 * @throws {DataError} names that cannot be read or say two parts, links that lead nowhere, a text beside its .gz
 */
export function listTexts(folder: string, ending = ENDING): { texts: TextFile[]; leftOut: string[] } {
  const texts: TextFile[] = [];
  const leftOut: string[] = [];
  const take = (file: string, isText: boolean, within?: Part): void => {
    const part = within ?? partIn(file.replace(ending, ""), join(folder, file));
    if (isText && ending.test(file)) texts.push({ file, part });
    else leftOut.push(file);
  };
  for (const { name, kind } of entries(folder)) {
    const part = kind === "folder" ? partOf(name) : undefined;
    if (part === undefined) take(name, kind === "file");
    else
      for (const inner of entries(join(folder, name)))
        take(join(name, inner.name), inner.kind === "file", part);
  }
  texts.sort((a, b) => byCodePoint(a.file, b.file));
  const twin = texts.find(({ file }) => texts.some((other) => other.file === `${file}.gz`));
  if (twin !== undefined)
    throw new DataError(`${join(folder, twin.file)}: is there with and without .gz; remove one of them`, {
      path: join(folder, twin.file),
    });
  return { texts, leftOut };
}

/**
 * The characters of a file, plain or .gz, without a mark of byte order at its start. Line ends stay as they are.
 * @throws {DataError} it cannot be read, or is not UTF-8, with the byte where that begins
 */
export function readText(file: string): string {
  const bytes = bytesOf(file);
  const plain = /\.gz$/i.test(file) ? unpack("gzip", bytes, file) : bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA")
      throw new DataError(`${file}: cannot be read as text: ${(cause as Error).message}`, {
        path: file,
        cause,
      });
    const at = firstWrong(plain);
    const byte = `0x${plain[at]!.toString(16).padStart(2, "0")}`;
    throw new DataError(`${file}: expected UTF-8 text, got the byte ${byte} at ${at}; save it as UTF-8`, {
      path: file,
      cause,
    });
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new DataError(`${file}: cannot be read: ${(cause as Error).message}`, { path: file, cause });
  }
}

/** Where the first bytes stand that are no character. */
function firstWrong(bytes: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes); // with U+FFFD for them
  const again = new TextEncoder().encode(text);
  let at = 0;
  while (bytes[at] === again[at]) at++;
  while (!isUtf8(bytes.subarray(0, at))) at--; // bytes that U+FFFD has too
  return at;
}
