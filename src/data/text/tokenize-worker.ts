/** @file The thread that turns pieces of text into tokens. */
import { parentPort, workerData } from "node:worker_threads";
import type { Answer } from "../worker-pool.ts";
import type { Piece } from "./pieces.ts";
import { Tokenizer } from "./tokenizer.ts";

const port = parentPort;
if (port === null) throw new Error("tokenize-worker runs in a worker thread only");

const { vocabulary, end } = workerData as {
  vocabulary: ConstructorParameters<typeof Tokenizer>[0];
  /** Written after each document. */
  end: number | undefined;
};
const tokenizer = new Tokenizer(vocabulary);

port.on("message", (pieces: readonly Piece[]) => {
  let answer: Answer<Int32Array<ArrayBuffer>[]>;
  try {
    const result = pieces.map(({ text, last }) => {
      const tokens = tokenizer.encode(text);
      if (!last || end === undefined) return tokens as Int32Array<ArrayBuffer>;
      const closed = new Int32Array(tokens.length + 1);
      closed.set(tokens);
      closed[tokens.length] = end;
      return closed;
    });
    answer = { result };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  port.postMessage(answer, "result" in answer ? answer.result.map(({ buffer }) => buffer) : []);
});
