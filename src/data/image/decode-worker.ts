/** @file The thread that decodes images: receives files and a size, posts their pixels or which one it could not read. */
import { parentPort } from "node:worker_threads";
import { areaOf, type Size } from "../../base/size.ts";
import { setUnpackLimit } from "../../base/unpack.ts";
import type { Answer } from "../worker-pool.ts";
import { decodeImage, type Resizing } from "./decode.ts";

export interface DecodeTask {
  paths: readonly string[];
  /** Of the images given out. */
  size: Size;
  resizing?: Resizing;
  /** What `setUnpackLimit` was given in the thread that asks. */
  limit: number | undefined;
}

/** Pixels [paths.length, 3, height, width]; or the first file that cannot be read, and why. */
export type Decoded = { pixels: Uint8Array<ArrayBuffer> } | { failed: string; reason: string };

async function decode({ paths, size, resizing, limit }: DecodeTask): Promise<Decoded> {
  setUnpackLimit(limit);
  const bytes = 3 * areaOf(size);
  const pixels = new Uint8Array(paths.length * bytes);
  for (const [i, path] of paths.entries()) {
    try {
      pixels.set(await decodeImage(path, size, resizing), i * bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { failed: path, reason: reason.split("\n")[0]! };
    }
  }
  return { pixels };
}

const port = parentPort;
if (port === null) throw new Error("decode-worker runs in a worker thread only");

port.on("message", async (task: DecodeTask) => {
  const result = await decode(task);
  const answer: Answer<Decoded> = { result };
  port.postMessage(answer, "pixels" in result ? [result.pixels.buffer] : []);
});
