/** @file Reads the members of a tar archive (ustar), one at a time; nothing is ever written under a name from it. */
import { readSync } from "node:fs";
import { DataError } from "../../base/errors.ts";

const BLOCK = 512;

export interface TarMember {
  readonly name: string;
  readonly size: number;
  /** Only regular files; links, folders and devices are passed over. */
  readonly data: AsyncIterable<Uint8Array>;
}

/**
 * The regular files of an archive, in order. A member's data must be read before the next member is asked for;
 * what is left of it is skipped.
 * @throws DataError (with `label`) for a damaged header or an archive that ends inside a member
 */
export async function* tarMembers(
  bytes: AsyncIterable<Uint8Array>,
  label: string,
): AsyncGenerator<TarMember> {
  const reader = new ByteReader(bytes, label);
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    checkHeader(header, label);
    const size = octal(header, 124, 12, label);
    const type = String.fromCharCode(header[156]!);
    let left = size;
    const data = (async function* () {
      while (left > 0) {
        const chunk = await reader.some(left);
        left -= chunk.length;
        yield chunk;
      }
    })();
    if (type === "0" || type === "\0") yield { name: memberName(header), size, data };
    while (left > 0) left -= (await reader.some(left)).length;
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (padding > 0) await reader.exactly(padding);
  }
}

/** A regular file of an archive, and where it and what follows it lie. */
export interface TarEntry {
  name: string;
  offset: number;
  length: number;
  next: number;
}

/**
 * The next regular file of an archive from a place on, by its headers alone; nothing at its end mark. Long names stand in members
 * of their own (pax and GNU).
 * @throws DataError (with `label`) for a damaged header, or one that is cut off
 */
export function readHeader(file: number, at: number, label: string): TarEntry | undefined {
  let name: string | undefined;
  for (let from = at; ; ) {
    const header = new Uint8Array(BLOCK);
    const read = readSync(file, header, 0, BLOCK, from);
    if (read < BLOCK) throw new DataError(`${label}: the archive is cut off: it ends without its end mark`);
    if (header.every((byte) => byte === 0)) return undefined;
    checkHeader(header, label);
    const length = octal(header, 124, 12, label);
    const offset = from + BLOCK;
    const next = offset + Math.ceil(length / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156]!);
    if (type === "0" || type === "\0") return { name: name ?? memberName(header), offset, length, next };
    if ((type === "x" || type === "L") && length <= MOST_NOTES) {
      const notes = Buffer.alloc(length);
      readSync(file, notes, 0, length, offset);
      const said = notes.toString("utf8");
      name = type === "L" ? said.replace(/\0.*$/s, "") : (/^\d+ path=(.*)$/m.exec(said)?.[1] ?? name);
    }
    from = next;
  }
}

/** Bytes of a member that is about the next one, at most. */
const MOST_NOTES = 1 << 16;

function memberName(header: Uint8Array): string {
  const prefix = hasPrefix(header) ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function hasPrefix(header: Uint8Array): boolean {
  return Buffer.from(header.subarray(257, 263)).toString("latin1") === "ustar\0";
}

function checkHeader(header: Uint8Array, label: string): void {
  let sum = 8 * 0x20; // the checksum's own field counts as spaces
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  if (octal(header, 148, 8, label) !== sum) throw new DataError(`${label}: damaged tar header`);
}

function text(header: Uint8Array, at: number, length: number): string {
  const field = Buffer.from(header.subarray(at, at + length));
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
}

function octal(header: Uint8Array, at: number, length: number, label: string): number {
  const digits = text(header, at, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw new DataError(`${label}: damaged tar header`);
  return Number.parseInt(digits, 8);
}

/** Hands out a stream of chunks in the pieces asked for. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(
    bytes: AsyncIterable<Uint8Array>,
    readonly label: string,
  ) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Between 1 and `limit` bytes. @throws DataError at the end */
  async some(limit: number): Promise<Uint8Array> {
    if (!(await this.#fill())) throw new DataError(`${this.label}: the archive is truncated`);
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Exactly `length` bytes, or nothing at a clean end. */
  async exactly(length: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const out = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const piece = await this.some(length - filled);
      out.set(piece, filled);
      filled += piece.length;
    }
    return out;
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return false;
      this.#rest = value;
    }
    return true;
  }
}
