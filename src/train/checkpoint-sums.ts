/** @file Checksums: the lines of SHA256SUMS, and which tensor of a damaged file differs. */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { CheckpointError } from "../base/errors.ts";
import { parseSafetensors } from "../tensor/safetensors.ts";

/** CRC-32 of each tensor's bytes by its name: enough to find the one that was damaged. */
export type TensorSums = ReadonlyMap<string, number>;

/** Bytes hashed at a time: the hash takes no more than 2 GiB, and finds a small piece in the cache. */
export const PIECE = 2 ** 22;

/** SHA-256 in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += PIECE) hash.update(bytes.subarray(at, at + PIECE));
  return hash.digest("hex");
}

/** The lines that `sha256sum -c` reads. */
export const formatSums = (sums: ReadonlyMap<string, string>): string =>
  [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join("");

/** Checksums by file name. @throws {CheckpointError} a line that `sha256sum` would not have written */
export function parseSums(text: string, path: string): Map<string, string> {
  const sums = new Map<string, string>();
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new CheckpointError(`${path} is damaged: its last line is cut off`, { path });
  for (const [i, line] of lines.entries()) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *]([\w.-]+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined || sums.has(name))
      throw new CheckpointError(`${path} is damaged: line ${i + 1} is not a checksum and a file name`, {
        path,
      });
    sums.set(name, sum);
  }
  return sums;
}

/** Says in a few words what is wrong with the bytes of a safetensors file whose checksum differs. */
export function findDamage(bytes: Uint8Array, path: string, sums: TensorSums | undefined): string {
  try {
    const { entries } = parseSafetensors(bytes, path);
    if (sums === undefined) return `${path} is damaged`;
    const damaged = [...entries].filter(([name, tensor]) => crc32(tensor.bytes) !== sums.get(name));
    if (damaged.length === 0) return `${path}: its header is damaged`;
    const more = damaged.length > 1 ? ` and ${damaged.length - 1} more are` : " is";
    return `${path}: tensor ${JSON.stringify(damaged[0]![0])}${more} damaged`;
  } catch (error) {
    if (error instanceof CheckpointError) return error.message;
    throw error;
  }
}
