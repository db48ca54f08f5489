/** @file The images of one data set, decoded when they are asked for; those that cannot be read end the run or are skipped. */

import { counted } from "../../base/file-names.ts";
import { talk } from "../../base/talk.ts";
import { decodeFiles, decodePool } from "./decode-files.ts";
import type { ImagePlace } from "./place.ts";
import type { Wanted } from "./wanted.ts";

export interface DecoderOptions {
  /** Threads; as many as there are cores, at most 4, unless given. */
  workers?: number;
  /** What an image that cannot be read does: ends the run unless given. */
  damaged?: "stop" | "skip";
}

export class Decoder {
  /** Images that could not be read and were skipped, whose pixels are black; nothing where they end the run. */
  readonly damaged: Set<number> | undefined;
  readonly #pool;

  constructor(
    private readonly placeOf: (index: number) => ImagePlace,
    options: DecoderOptions,
  ) {
    this.#pool = decodePool(options.workers);
    this.damaged = options.damaged === "skip" ? new Set() : undefined;
  }

  /** Bytes [indices.length, 3, height, width], or of each image its boxes. @throws {DataError} naming an image that cannot be read, unless it is skipped */
  async decode(indices: ArrayLike<number>, wanted: Wanted): Promise<Uint8Array> {
    const places = Array.from(indices, this.placeOf);
    const { damaged } = this;
    if (damaged === undefined) return decodeFiles(this.#pool, places, wanted);
    return decodeFiles(this.#pool, places, wanted, (i, message) => {
      if (damaged.has(indices[i]!)) return;
      damaged.add(indices[i]!);
      talk(`${message}; skipped, ${counted(damaged.size, "image")} so far`);
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
