/** @file ZIP archives in memory: stored members, as PyTorch and NumPy write them, and deflated ones; zip64. */

import { crc32, inflateRawSync } from "node:zlib";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** In place of a number that takes 64 bits, which then stands elsewhere. */
const ELSEWHERE = 0xffffffff;
/** Length of the end record, of an entry of the directory without its names, of a member's own header without them. */
const END_LENGTH = 22;
const ENTRY_LENGTH = 46;
const HEADER_LENGTH = 30;
const LONGEST_COMMENT = 0xffff;
const MOST_FILES = 1_000_000;
const [ENCRYPTED, SIZES_FOLLOW] = [1, 8];
const [STORED, DEFLATED] = [0, 8];

/** Whether bytes begin as a ZIP archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= END_LENGTH &&
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL &&
  bytes[8] !== 0x7b; // the brace of a safetensors file whose header is that long

interface Member {
  name: string;
  method: number;
  sum: number;
  size: number;
  packed: number;
  /** Where its own header begins, and its bytes. */
  offset: number;
  begin: number;
}

/**
 * The members of an archive by name, each read when it is called: a view of `bytes` where it is stored as it is. What is
 * read passes its checksum.
 *
 * @param fail called with what is wrong: cut off, damaged, encrypted, members that overlap or have other sizes than they say
 * @param allowance what deflated members become is taken from it
 * @param unsummed a checksum of 0 is none: PyTorch can leave them out
 */
export function openZip(
  bytes: Uint8Array,
  fail: (what: string) => never,
  allowance: { take(bytes: number): void },
  { unsummed = false }: { unsummed?: boolean } = {},
): Map<string, () => Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const within = (at: number, length: number, what: string): void => {
    if (!(at >= 0 && length >= 0 && at + length <= bytes.length))
      fail(`${what} lies outside the file: it is cut off`);
  };
  const u16 = (at: number): number => view.getUint16(at, true);
  const u32 = (at: number): number => view.getUint32(at, true);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));

  const found = new Map<string, () => Uint8Array>();
  const members = list();
  for (const member of members) {
    if (found.has(member.name)) fail(`${shown(member.name)} is in the archive twice`);
    found.set(member.name, () => content(member));
  }
  let free = 0;
  for (const { name, offset, begin, packed } of members.sort((a, b) => a.offset - b.offset)) {
    if (offset < free) fail(`${shown(name)} begins inside another file of the archive`);
    free = begin + packed;
  }
  return found;

  function list(): Member[] {
    const { count, start } = directory();
    const listed: Member[] = [];
    let at = start;
    for (let i = 0; i < count; i++) {
      within(at, ENTRY_LENGTH, "the archive's directory");
      if (u32(at) !== CENTRAL) fail("the archive's directory is damaged");
      const [names, extra, comment] = [u16(at + 28), u16(at + 30), u16(at + 32)];
      within(at, ENTRY_LENGTH + names + extra + comment, "the archive's directory");
      listed.push(entry(at, names, extra));
      at += ENTRY_LENGTH + names + extra + comment;
    }
    return listed;
  }

  function entry(at: number, nameLength: number, extraLength: number): Member {
    const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_LENGTH, at + ENTRY_LENGTH + nameLength));
    const wide = wideNumbers(at + ENTRY_LENGTH + nameLength, extraLength);
    // in this order, each only where it did not fit
    const [size, packed, offset] = [24, 20, 42].map((o) => {
      const value = u32(at + o);
      return value === ELSEWHERE ? (wide.shift() ?? fail(`${shown(name)}: a length is missing`)) : value;
    }) as [number, number, number];
    const [flags, method] = [u16(at + 8), u16(at + 10)];
    if ((flags & ENCRYPTED) !== 0) fail(`${shown(name)} is encrypted`);
    if (method !== STORED && method !== DEFLATED)
      fail(`${shown(name)} is compressed by method ${method}; expected stored or deflated files`);
    within(offset, HEADER_LENGTH, shown(name));
    if (u32(offset) !== LOCAL) fail(`${shown(name)} does not begin where the directory says`);
    const own = [u32(offset + 18), u32(offset + 22)];
    const differ = [packed, size].some((value, i) => own[i] !== ELSEWHERE && own[i] !== value);
    if ((method === STORED && packed !== size) || ((u16(offset + 6) & SIZES_FOLLOW) === 0 && differ))
      fail(`${shown(name)} has two sizes: the archive is damaged`);
    const begin = offset + HEADER_LENGTH + u16(offset + 26) + u16(offset + 28);
    within(begin, packed, shown(name));
    return { name, method, sum: u32(at + 16), size, packed, offset, begin };
  }

  function content({ name, method, sum, size, packed, begin }: Member): Uint8Array {
    const body = bytes.subarray(begin, begin + packed);
    const read = method === STORED ? body : inflate(name, body, size);
    if (!(unsummed && sum === 0) && crc32(read) !== sum)
      fail(`${shown(name)} is damaged: it does not match its checksum`);
    return read;
  }

  function inflate(name: string, body: Uint8Array, size: number): Uint8Array {
    allowance.take(size);
    let made: Uint8Array;
    try {
      made = inflateRawSync(body, { maxOutputLength: Math.max(size, 1) });
    } catch {
      return fail(`${shown(name)} cannot be decompressed: it is damaged`);
    }
    if (made.length !== size) fail(`${shown(name)} has ${made.length} bytes, expected ${size}`);
    return new Uint8Array(made.buffer, made.byteOffset, made.length);
  }

  /** Where the directory begins, and how many files it lists. */
  function directory(): { count: number; start: number } {
    const last = bytes.length - END_LENGTH;
    for (let end = last; end >= Math.max(0, last - LONGEST_COMMENT); end--) {
      if (u32(end) !== END) continue;
      let [count, start] = [u16(end + 10), u32(end + 16)];
      const locator = end - 20;
      if (locator >= 0 && u32(locator) === LOCATOR_64) {
        const wide = u64(locator + 8);
        within(wide, 56, "the archive's directory");
        if (u32(wide) !== END_64) fail("the archive's directory is damaged");
        [count, start] = [u64(wide + 32), u64(wide + 48)];
      }
      if (count > MOST_FILES) fail(`an archive of ${count} files`);
      return { count, start };
    }
    return fail("the archive has no directory: it is cut off");
  }

  /** The 64-bit numbers of an entry's extra field. */
  function wideNumbers(from: number, length: number): number[] {
    for (let at = from; at + 4 <= from + length; at += 4 + u16(at + 2)) {
      const size = u16(at + 2);
      if (u16(at) !== 1 || at + 4 + size > from + length) continue;
      return Array.from({ length: Math.floor(size / 8) }, (_, i) => u64(at + 4 + 8 * i));
    }
    return [];
  }
}

/** A member's name for messages, in one line. */
const shown = (name: string): string => JSON.stringify(name.slice(0, 80));
