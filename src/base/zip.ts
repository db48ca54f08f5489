/** @file Zip archives in memory, as NumPy writes them: stored or deflated members, zip64. */

import { crc32 } from "node:zlib";
import { DataError, UsageError } from "./errors.ts";
import { unpack, unpackLimit, unpacksTooFar } from "./unpack.ts";

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/**
 * The members of an archive by name, each read when asked for. Together they may have as many bytes as `unpackLimit`
 * grants the archive.
 *
 * @param path for messages
 * @throws {DataError} not a zip archive, cut off, a member that is encrypted, of another compression, too large or fails
 *   its checksum
 */
export function openZip(bytes: Uint8Array, path: string): Map<string, () => Uint8Array> {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const limit = unpackLimit(bytes.length);
  let unpacked = 0;
  try {
    const { count, start } = directory(view, fail);
    const members = new Map<string, () => Uint8Array>();
    for (let i = 0, at = start; i < count; i++) {
      if (view.getUint32(at, true) !== CENTRAL) fail(`damaged list of members at byte ${at}`);
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((to) =>
        view.getUint16(at + to, true),
      );
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength!));
      const sizes = wideSizes(view, at, at + 46 + nameLength!, extraLength!);
      const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
      const crc = view.getUint32(at + 16, true);
      if (members.has(name)) fail(`two members ${JSON.stringify(name)}`);
      members.set(name, () => {
        if (method !== 0) unpacked += sizes.size;
        if (unpacked > limit) throw unpacksTooFar(`${path}, ${name}`, limit);
        return member(bytes, { ...sizes, flags, method, crc }, `${path}, ${name}`);
      });
      at += 46 + nameLength! + extraLength! + commentLength!;
    }
    return members;
  } catch (error) {
    if (error instanceof RangeError) return fail("the archive is cut off or damaged");
    throw error;
  }
}

/** Where the list of members begins, from the record at the end of the archive. */
function directory(view: DataView, fail: (what: string) => never): { count: number; start: number } {
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) !== END) continue;
    const [count, start] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    if (count !== 0xffff && start !== 0xffffffff) return { count, start };
    if (at < 20 || view.getUint32(at - 20, true) !== LOCATOR_64) fail("no zip64 record");
    const wide = Number(view.getBigUint64(at - 12, true));
    if (view.getUint32(wide, true) !== END_64) fail("no zip64 record");
    return {
      count: Number(view.getBigUint64(wide + 32, true)),
      start: Number(view.getBigUint64(wide + 48, true)),
    };
  }
  return fail("not a zip archive, or cut off");
}

interface Sizes {
  size: number;
  packed: number;
  at: number;
}

/** Sizes and place of a member; those that are 2³² − 1 stand in the zip64 field, in this order. */
function wideSizes(view: DataView, header: number, extra: number, length: number): Sizes {
  const values = [24, 20, 42].map((to) => view.getUint32(header + to, true));
  for (let at = extra; at + 4 <= extra + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    for (const [i, value] of values.entries())
      if (value === 0xffffffff) {
        values[i] = Number(view.getBigUint64(from, true));
        from += 8;
      }
  }
  return { size: values[0]!, packed: values[1]!, at: values[2]! };
}

function member(
  bytes: Uint8Array,
  { size, packed, at, flags, method, crc }: Sizes & { flags: number; method: number; crc: number },
  path: string,
): Uint8Array {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  if ((flags & 1) !== 0) fail("is encrypted");
  if (method !== 0 && method !== 8) fail(`compression ${method}, expected none or deflate`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + 30 > bytes.length || view.getUint32(at, true) !== LOCAL) fail("is not where the archive says");
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + packed > bytes.length) fail("is cut off");
  const body = bytes.subarray(start, start + packed);
  const content = method === 0 ? body : unpack("deflate", body, path, size);
  if (content.length !== size) fail(`has ${content.length} bytes, expected ${size}`);
  if (crc32(content) !== crc) fail("fails its checksum");
  return content;
}

/** An archive of stored members, in chunks. @throws {UsageError} more than 4 GiB */
export function zipChunks(members: ReadonlyMap<string, readonly Uint8Array[]>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  let at = 0;
  for (const [name, parts] of members) {
    const title = Buffer.from(name, "utf8");
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (at + size > 0xfffffff0)
      throw new UsageError(`${name}: an archive holds at most 4 GiB; write a .safetensors file instead`);
    const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
    // version 2.0, name in UTF-8, stored; 1 January 1980: equal contents give equal files
    const middle = Buffer.alloc(26);
    middle.writeUInt16LE(20, 0);
    middle.writeUInt16LE(0x800, 2);
    middle.writeUInt16LE(0x21, 8);
    middle.writeUInt32LE(crc, 10);
    middle.writeUInt32LE(size, 14);
    middle.writeUInt32LE(size, 18);
    middle.writeUInt16LE(title.length, 22);
    const head = Buffer.concat([signature(LOCAL), middle, title]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    list.push(Buffer.concat([signature(CENTRAL), Buffer.from([20, 0]), middle, rest, title]));
    chunks.push(head);
    for (const part of parts) chunks.push(part);
    at += head.length + size;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.size, 4);
  end.writeUInt16LE(members.size, 6);
  end.writeUInt32LE(
    list.reduce((sum, part) => sum + part.length, 0),
    8,
  );
  end.writeUInt32LE(at, 12);
  return [...chunks, ...list, signature(END), end];
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
