/** @file Whether data are what they were: a hash of all bytes, or of a sample where there are too many. */

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import type { ImageInfo, ImageSet, ImageSource } from "./image-set.ts";

/** Up to so many bytes all are hashed: a second or three on one core, and the time to read them. */
const MOST = 2 ** 30;
/** Images that stand for a larger set, evenly spaced, and the bytes at the start of a file that stand for it. */
const SAMPLES = 512;
const HEAD = 2 ** 16;

/** How the fingerprint of a sample begins. */
const SAMPLED = "sample:";

/** Whether only a sample was hashed, so that data may differ and have the same fingerprint. */
export const isSampled = (fingerprint: string): boolean => fingerprint.startsWith(SAMPLED);

type Part = Uint8Array | string;

/** SHA-256 of a set's sizes, classes, labels and images; above 1 GiB, of a sample of the images. */
export function imagesFingerprint(set: ImageSet): string {
  const size = set.channels * set.height * set.width;
  const sampled = set.images.length > MOST;
  const stride = sampled ? Math.ceil(set.count / SAMPLES) : 1;
  function* parts(): Iterable<Part> {
    for (let i = 0; i < set.count; i += stride) yield set.images.subarray(i * size, (i + 1) * size);
  }
  return hashOf(set, parts(), sampled);
}

/**
 * SHA-256 of a folder's classes, labels, names and files; above 1 GiB, of the sizes and beginnings of a sample of them.
 * @param files paths below `root`
 * @throws {DataError} a file cannot be read
 */
export function filesFingerprint(info: ImageInfo, root: string, files: readonly string[]): string {
  let bytes = 0;
  const sampled = files.some((file) => {
    bytes += sizeOf(join(root, file));
    return bytes > MOST;
  });
  const stride = sampled ? Math.ceil(files.length / SAMPLES) : 1;
  function* parts(): Iterable<Part> {
    yield JSON.stringify(files);
    for (let i = 0; i < files.length; i += stride) {
      const path = join(root, files[i]!);
      yield String(sizeOf(path));
      yield sampled ? head(path) : reading(path, () => readFileSync(path));
    }
  }
  return hashOf(info, parts(), sampled);
}

/** SHA-256 of a set's fingerprint and of which of its images are taken. */
export function subsetFingerprint(source: ImageSource, at: Int32Array): string {
  const whole = source.fingerprint();
  const hash = createHash("sha256")
    .update(whole)
    .update(new Uint8Array(at.buffer, at.byteOffset, at.byteLength));
  return (isSampled(whole) ? SAMPLED : "") + hash.digest("hex");
}

function hashOf(info: ImageInfo, parts: Iterable<Part>, sampled: boolean): string {
  const { count, channels, height, width, classes, labels } = info;
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ count, channels, height, width, classes }));
  hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  for (const part of parts) hash.update(part);
  return (sampled ? SAMPLED : "") + hash.digest("hex");
}

const sizeOf = (path: string): number => reading(path, () => statSync(path).size);

const head = (path: string): Uint8Array =>
  reading(path, () => {
    const bytes = new Uint8Array(HEAD);
    const file = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  });

function reading<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new DataError(`cannot read ${path}: ${(cause as Error).message}`, { path, cause });
  }
}
