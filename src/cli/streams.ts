/** @file What is said when nobody hears it: the reader of a pipe has gone, a terminal was closed, a log's disk is full. */
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { writing } from "../base/write-file.ts";

/** Errors of a stream whose reader has gone: a pipe, a terminal. */
const GONE = new Set(["EPIPE", "EIO"]);

/**
 * Lets the work go on where nobody reads what it says (`vitrine train … | head -3`): the words are dropped, and the exit
 * code is that of the work. An answer on stdout that a full disk takes only in part is a `DiskError`.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    reportErrors(stream);
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (stream === process.stderr || GONE.has(error.code ?? "")) return;
      writing("stdout", () => {
        throw error;
      });
    });
  }
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on("exit", () => terminals.filter((fd) => !isatty(fd)).forEach(replace));
}

/** Where stdout is a file, Node throws out of `write`: here it is an event as for pipes. */
function reportErrors(stream: NodeJS.WriteStream): void {
  const write = stream._write.bind(stream);
  stream._write = (chunk, encoding, done) => {
    try {
      write(chunk, encoding, done);
    } catch (error) {
      done(error as Error);
    }
  };
}

/** Node restores the terminal when it ends, and crashes where it cannot: one that is gone is replaced before that. */
function replace(fd: number): void {
  try {
    closeSync(fd);
    openSync("/dev/null", "r+"); // takes the lowest free number, the one just closed
  } catch {} // nothing is left to be said, or to say it to
}
