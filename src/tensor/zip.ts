/** @file ZIP archives whose files are stored as they are, which is how PyTorch writes them. */

import { crc32 } from "node:zlib";
import { CheckpointError } from "./errors.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** In place of a number that takes 64 bits, which then stands elsewhere. */
const ELSEWHERE = 0xffffffff;
/** Length of the end record, and of the comment that may follow it. */
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;
const MOST_FILES = 1_000_000;

/** Whether bytes begin as a ZIP archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= END_LENGTH && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL;

/**
 * The files of an archive by name, as views of `bytes`; each has passed its checksum.
 * @throws {CheckpointError} cut off, damaged, compressed or encrypted
 */
export function readZip(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
  const fail = (what: string): never => {
    throw new CheckpointError(`${path}: ${what}`, { path });
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = (at: number, length: number, what: string): void => {
    if (!(at >= 0 && length >= 0 && at + length <= bytes.length))
      fail(`${what} lies outside the file: it is cut off`);
  };
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));

  const { count, start } = directory();
  const files = new Map<string, Uint8Array>();
  let at = start;
  for (let i = 0; i < count; i++) {
    within(at, 46, "the archive's directory");
    if (view.getUint32(at, true) !== CENTRAL) fail("the archive's directory is damaged");
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const sum = view.getUint32(at + 16, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) =>
      view.getUint16(at + o, true),
    ) as [number, number, number];
    within(at, 46 + nameLength + extraLength + commentLength, "the archive's directory");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const wide = wideNumbers(at + 46 + nameLength, extraLength);
    // in this order, each only where it did not fit
    const [size, packed, offset] = [24, 20, 42].map((o) => {
      const value = view.getUint32(at + o, true);
      return value === ELSEWHERE ? (wide.shift() ?? fail(`${name}: a length is missing`)) : value;
    }) as [number, number, number];
    if (method !== 0 || packed !== size)
      fail(`${name} is compressed; expected stored files, as PyTorch writes them`);
    if ((flags & 1) !== 0) fail(`${name} is encrypted`);
    within(offset, 30, name);
    if (view.getUint32(offset, true) !== LOCAL) fail(`${name} does not begin where the directory says`);
    const begin = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    within(begin, size, name);
    const content = bytes.subarray(begin, begin + size);
    if (crc32(content) !== sum) fail(`${name} is damaged: it does not match its checksum`);
    if (files.has(name)) fail(`${name} is in the archive twice`);
    files.set(name, content);
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;

  /** Where the directory begins, and how many files it lists. */
  function directory(): { count: number; start: number } {
    const last = bytes.length - END_LENGTH;
    for (let end = last; end >= Math.max(0, last - LONGEST_COMMENT); end--) {
      if (view.getUint32(end, true) !== END) continue;
      let [count, start] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)];
      const locator = end - 20;
      if (locator >= 0 && view.getUint32(locator, true) === LOCATOR_64) {
        const wide = u64(locator + 8);
        within(wide, 56, "the archive's directory");
        if (view.getUint32(wide, true) !== END_64) fail("the archive's directory is damaged");
        [count, start] = [u64(wide + 32), u64(wide + 48)];
      }
      if (count > MOST_FILES) fail(`an archive of ${count} files`);
      return { count, start };
    }
    return fail("the archive has no directory: it is cut off");
  }

  /** The 64-bit numbers of an entry's extra field. */
  function wideNumbers(from: number, length: number): number[] {
    for (let at = from; at + 4 <= from + length; at += 4 + view.getUint16(at + 2, true)) {
      const size = view.getUint16(at + 2, true);
      if (view.getUint16(at, true) !== 1 || at + 4 + size > from + length) continue;
      return Array.from({ length: Math.floor(size / 8) }, (_, i) => u64(at + 4 + 8 * i));
    }
    return [];
  }
}
