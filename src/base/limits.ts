/** @file How much a file may become in memory: what is larger is a bomb, or damaged. */

import { CheckpointError } from "./errors.ts";

const MEBIBYTE = 2 ** 20;

/** Bytes that reading a file may take besides the file's own, taken before anything is made. */
export class Allowance {
  private left: number;

  /** @param bytes length of the file; with it, at most four times the file and 64 MiB are used */
  constructor(
    bytes: number,
    private readonly path: string,
  ) {
    this.left = 3 * bytes + 32 * MEBIBYTE; // the rest is for garbage not yet collected
  }

  /** @throws {CheckpointError} more than is left */
  take(bytes: number): void {
    this.left -= bytes;
    if (!(this.left >= 0))
      throw new CheckpointError(
        `${this.path}: becomes many times as large as the file when it is read: damaged, or made to fill the memory`,
        { path: this.path },
      );
  }
}
