/** @file A ZIP archive of stored members, in chunks. */

import { crc32 } from "node:zlib";
import { UsageError } from "./errors.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

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
