/** @file What a person sees of files that are worked through. */

import { talk } from "../../base/talk.ts";

export const megabytes = (bytes: number): string =>
  bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** One line per file, rewritten in place on a terminal; elsewhere a line when a file begins. */
export function fileProgress(
  doing: string,
  say: (line: string) => void = talk,
): (file: string, received: number, total?: number) => void {
  const { stderr } = process;
  let current = "";
  let shown = 0;
  return (file, received, total) => {
    if (file !== current) say(`${current === "" || !stderr.isTTY ? "" : "\n"}${doing} ${file}`);
    current = file;
    const now = Date.now();
    const done = received === total;
    if (!stderr.isTTY || (!done && now - shown < 100)) return;
    shown = now;
    const share =
      total === undefined ? "" : ` of ${megabytes(total)} (${Math.floor((100 * received) / total)} %)`;
    stderr.write(`\r  ${megabytes(received)}${share}${done ? "\n" : ""}`);
  };
}
