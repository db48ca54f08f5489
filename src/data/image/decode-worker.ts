/** @file The thread that decodes images: receives files and a size, posts their pixels or which one it could not read. */
import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { areaOf, type Size } from "../../base/size.ts";
import { setUnpackLimit } from "../../base/unpack.ts";
import { Random } from "../../tensor/random.ts";
import { type RandomCrops, randomBox } from "../augment/box.ts";
import type { Answer } from "../worker-pool.ts";
import { boxOf, centreOf, type Resizing } from "./decode.ts";
import type { Picture } from "./picture.ts";
import { readImage } from "./read.ts";

export interface DecodeTask {
  paths: readonly string[];
  /** Of the images given out. */
  size: Size;
  resizing?: Resizing;
  /** A random box of each image, in place of its centre. */
  crops?: RandomCrops;
  /** What `setUnpackLimit` was given in the thread that asks. */
  limit: number | undefined;
}

/** Pixels [paths.length, 3, height, width]; or the first file that cannot be read, and why. */
export type Decoded = { pixels: Uint8Array<ArrayBuffer> } | { failed: string; reason: string };

async function decode({ paths, size, resizing, crops, limit }: DecodeTask): Promise<Decoded> {
  setUnpackLimit(limit);
  const bytes = 3 * areaOf(size);
  const pixels = new Uint8Array(paths.length * bytes);
  let next = begin(paths[0]!);
  for (const [i, path] of paths.entries()) {
    try {
      const picture = await next;
      if (i + 1 < paths.length) next = begin(paths[i + 1]!); // libvips decodes it while this thread resamples
      pixels.set(crops ? cropped(picture, crops, i, size) : centreOf(picture, size, resizing), i * bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { failed: path, reason: reason.split("\n")[0]! };
    }
  }
  return { pixels };
}

/** An image that is read meanwhile; one that cannot be is told when its turn comes. */
function begin(path: string): Promise<Picture> {
  const reading = (async () => readImage(readFileSync(path)))();
  reading.catch(() => {});
  return reading;
}

function cropped(picture: Picture, { scale, ratio, seeds }: RandomCrops, i: number, size: Size): Uint8Array {
  const box = randomBox(picture.height, picture.width, scale, ratio, new Random(seeds[i]!));
  return boxOf(picture, box, size);
}

const port = parentPort;
if (port === null) throw new Error("decode-worker runs in a worker thread only");

port.on("message", async (task: DecodeTask) => {
  const result = await decode(task);
  const answer: Answer<Decoded> = { result };
  port.postMessage(answer, "pixels" in result ? [result.pixels.buffer] : []);
});
