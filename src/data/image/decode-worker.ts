/** @file The thread that decodes images: receives places and a size, posts their pixels and which ones it could not read. */
import { parentPort } from "node:worker_threads";
import type { Answer } from "../worker-pool.ts";
import { type Decoded, type DecodeTask, decodeShare } from "./decode-share.ts";

const port = parentPort;
if (port === null) throw new Error("decode-worker runs in a worker thread only");

port.on("message", async (task: DecodeTask) => {
  const result = await decodeShare(task);
  const answer: Answer<Decoded> = { result };
  port.postMessage(answer, [result.pixels.buffer]);
});
