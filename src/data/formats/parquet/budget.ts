/** @file What decoding one file may take: memory at one time, and bytes unpacked in all. */

import { unpackLimit, unpacksTooFar } from "../../../base/unpack.ts";

/** Counts against {@link unpackLimit} of a file's size. */
export class Budget {
  #held = 0;
  #unpacked = 0;
  readonly #most: number;

  constructor(
    private readonly path: string,
    size: number,
  ) {
    this.#most = unpackLimit(size);
  }

  /** Bytes that stay until the end. @throws {DataError} too many */
  hold(bytes: number): void {
    this.#held += bytes;
    this.#check(this.#held);
  }

  /** Bytes of a page that is unpacked, and copied once where it does not lie well. @throws {DataError} too many */
  page(bytes: number): void {
    this.#unpacked += bytes;
    this.#check(this.#unpacked);
    this.#check(this.#held + 2 * bytes);
  }

  /** What is held now, to come back to. */
  get held(): number {
    return this.#held;
  }

  /** Lets go of all but `held` bytes, and of the pages: what is unpacked next is counted anew. */
  release(held: number): void {
    this.#held = held;
    this.#unpacked = 0;
  }

  #check(bytes: number): void {
    if (!(bytes <= this.#most)) throw unpacksTooFar(this.path, this.#most);
  }
}
