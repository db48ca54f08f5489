/** @file The compressions of Parquet's pages. */

import * as zlib from "node:zlib";
import { decompress } from "fzstd";
import type { CompressionCodec } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../../base/errors.ts";
import { unpack } from "../../../base/unpack.ts";

/** Zstandard of Node 22.15 and later. */
const native = (
  zlib as { zstdDecompressSync?: (bytes: Uint8Array, limits: { maxOutputLength: number }) => Uint8Array }
).zstdDecompressSync;

/** The `size` bytes that were compressed. @throws {Error} they are not; another compression */
export function decompressPage(codec: CompressionCodec, bytes: Uint8Array, size: number): Uint8Array {
  const page = size === 0 ? new Uint8Array(0) : undo(codec, bytes, size);
  if (page.length !== size) throw new DataError(`a page of ${page.length} bytes, expected ${size}`);
  return page;
}

function undo(codec: CompressionCodec, bytes: Uint8Array, size: number): Uint8Array {
  if (codec === "UNCOMPRESSED") return bytes;
  if (codec === "GZIP") return unpack("gzip", bytes, "a page", size);
  if (codec === "BROTLI") return unpack("brotli", bytes, "a page", size);
  if (codec === "ZSTD" && native !== undefined) return native(bytes, { maxOutputLength: size });
  // hyparquet's own Snappy goes backwards for ever on a length of 2³¹
  if (codec === "SNAPPY" || codec === "LZ4" || codec === "LZ4_RAW") return compressors[codec]!(bytes, size);
  if (codec === "ZSTD") return decompress(bytes, new Uint8Array(size)); // writes nothing outside of it
  throw new DataError(`pages compressed by ${codec}, which is not read`);
}
