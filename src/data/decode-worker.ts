/** @file The thread that decodes images: receives a file and a size, posts the pixels or the reason why not. */
import { parentPort } from "node:worker_threads";
import { decodeImage } from "./decode.ts";
import type { Answer } from "./worker-pool.ts";

export interface DecodeTask {
  path: string;
  size: number;
}

const port = parentPort;
if (port === null) throw new Error("decode-worker runs in a worker thread only");

port.on("message", async ({ path, size }: DecodeTask) => {
  const post = (answer: Answer<Uint8Array>, transfer: ArrayBuffer[] = []) =>
    port.postMessage(answer, transfer);
  try {
    const pixels = await decodeImage(path, size);
    post({ result: pixels }, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    post({ error: error instanceof Error ? error.message.split("\n")[0]! : String(error) });
  }
});
