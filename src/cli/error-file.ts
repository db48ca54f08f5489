/** @file What went wrong, in a file where torchrun looks for it. */

import { writeFileSync } from "node:fs";

/** Writes an error as Python's torch.distributed.elastic does, where TORCHELASTIC_ERROR_FILE says. */
export function noteError(
  path: string | undefined,
  { exitCode, text }: { exitCode: number; text: string },
  error: unknown,
): void {
  if (path === undefined || path === "") return;
  const stack = (error instanceof Error && error.stack) || text;
  const extraInfo = { py_callstack: stack, timestamp: String(Math.floor(Date.now() / 1000)) };
  try {
    writeFileSync(path, JSON.stringify({ message: { message: text, errorCode: exitCode, extraInfo } }));
  } catch {} // stderr has it
}
