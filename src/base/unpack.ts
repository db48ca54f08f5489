/** @file How much compressed data may become: a few bytes can stand for gigabytes. */

import { brotliDecompressSync, gunzipSync, inflateRawSync } from "node:zlib";
import { DataError } from "./errors.ts";

const MIB = 2 ** 20;

let given: number | undefined;

/** Lets every file unpack to so many bytes, in place of {@link unpackLimit}'s rule; `undefined` brings the rule back. */
export function setUnpackLimit(bytes: number | undefined): void {
  given = bytes;
}

/** What `setUnpackLimit` was given last. */
export const givenLimit = (): number | undefined => given;

/** Bytes that a file of `size` bytes may become: 4 · size + 64 MiB, or what `setUnpackLimit` says. */
export const unpackLimit = (size: number): number => given ?? 4 * size + 64 * MIB;

/** The error of a file that would become more than that. */
export function unpacksTooFar(path: string, limit: number): DataError {
  const most = `${Math.floor(limit / MIB)} MiB`;
  return new DataError(
    `${path}: unpacks to more than ${most}, the limit for a file of its size; if you trust it, give --unpack-limit with more MiB`,
    { path, expected: most },
  );
}

/** Compressions that Node undoes. */
const METHODS = { gzip: gunzipSync, deflate: inflateRawSync, brotli: brotliDecompressSync };

/**
 * The bytes that were compressed.
 *
 * @param path for messages
 * @param size how many they are, where that is known
 * @throws {DataError} they are more than `unpackLimit`, or not `size`; the data is cut off or damaged
 */
export function unpack(
  method: keyof typeof METHODS,
  bytes: Uint8Array,
  path: string,
  size?: number,
): Uint8Array {
  const fail = (what: string, cause?: unknown): never => {
    throw new DataError(`${path}: ${what}`, { path, cause });
  };
  const most = size ?? unpackLimit(bytes.length);
  try {
    const plain = METHODS[method](bytes, { maxOutputLength: Math.max(most, 1) });
    if (size !== undefined && plain.length !== size)
      fail(`unpacks to ${plain.length} bytes, expected ${size}`);
    return plain;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      if (size === undefined) throw unpacksTooFar(path, most);
      return fail(`unpacks to more than ${size} bytes`, cause);
    }
    return fail(
      code === "Z_BUF_ERROR" ? "is cut off" : `is not compressed by ${method}, or damaged (${message})`,
      cause,
    );
  }
}
