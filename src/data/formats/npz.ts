/** @file NumPy's .npz: a ZIP archive of arrays. */

import { DataError } from "../../base/errors.ts";
import { unpackLimit, unpacksTooFar } from "../../base/unpack.ts";
import { openZip } from "../../base/zip.ts";

/**
 * The members of an archive by name, each read when it is called. Those that are deflated may have as many bytes together
 * as `unpackLimit` grants the archive.
 *
 * @param path for messages
 * @throws {DataError} no ZIP archive, cut off, damaged, encrypted, of another compression, too large
 */
export function openNpz(bytes: Uint8Array, path: string): Map<string, () => Uint8Array> {
  const limit = unpackLimit(bytes.length);
  let left = limit;
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  const take = (size: number): void => {
    left -= size;
    if (!(left >= 0)) throw unpacksTooFar(path, limit);
  };
  return openZip(bytes, fail, { take });
}
