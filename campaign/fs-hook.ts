/** @file Every file operation below a folder, before it happens: to be failed, cut short or looked at. */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";

/** A file operation that is about to happen. */
export interface Operation {
  /** From 1, in the order in which they come. */
  number: number;
  name: string;
  path: string;
}

/** An error's code to fail with, "half" to write only half of the bytes, or nothing. */
export type Verdict = string | undefined;

const READING =
  "readdirSync readFileSync readSync statSync lstatSync fstatSync readlinkSync realpathSync".split(" ");
const WRITING =
  "openSync writeSync fsyncSync closeSync renameSync rmSync rmdirSync mkdirSync writeFileSync ftruncateSync fchmodSync".split(
    " ",
  );
const PROMISES = "open readFile writeFile rename rm mkdir stat readdir".split(" ");

/** Whether an operation changes what is on the disk. */
export const isWriting = ({ name }: Operation): boolean =>
  WRITING.includes(name) || /write|rename|rm|mkdir/.test(name);

type Functions = Record<string, (...args: unknown[]) => unknown>;

/**
 * Shows each operation of `node:fs` on what lies below `folder` to `judge`, until the returned function is called; what
 * `judge` itself does with files is not shown.
 */
export function watchFiles(folder: string, judge: (operation: Operation) => Verdict): () => void {
  const open = new Map<unknown, string>();
  const undo: (() => void)[] = [];
  let [number, judging] = [0, false];
  const pathOf = (target: unknown) =>
    typeof target === "number" ? open.get(target) : typeof target === "string" ? resolve(target) : undefined;
  const ask = (name: string, target: unknown): Verdict => {
    const path = pathOf(target);
    if (judging || path === undefined || !`${path}${sep}`.startsWith(`${folder}${sep}`)) return undefined;
    judging = true;
    try {
      return judge({ number: ++number, name, path });
    } finally {
      judging = false;
    }
  };
  const hook = (module: Functions, name: string, around: Functions[string]) => {
    const original = module[name]!;
    undo.push(() => {
      module[name] = original;
    });
    module[name] = around;
  };
  for (const name of [...READING, ...WRITING]) {
    const module = fs as unknown as Functions;
    const original = module[name]!;
    hook(module, name, (...args) => {
      const verdict = ask(name, args[0]);
      if (verdict === "half" && name === "writeSync" && typeof args[3] === "number" && args[3] > 1)
        args[3] = Math.floor(args[3] / 2);
      else if (verdict !== undefined && verdict !== "half") {
        if (name === "closeSync") original(...args); // the descriptor is gone whatever close says
        throw systemError(verdict, name, String(args[0]));
      }
      const result = original(...args);
      if (name === "openSync" && typeof args[0] === "string") open.set(result, resolve(args[0]));
      if (name === "closeSync") open.delete(args[0]);
      return result;
    });
  }
  for (const name of PROMISES) {
    const module = fs.promises as unknown as Functions;
    const original = module[name]!;
    hook(module, name, async (...args) => {
      const verdict = ask(`promises.${name}`, args[0]);
      if (verdict !== undefined && verdict !== "half") throw systemError(verdict, name, String(args[0]));
      return await original(...args);
    });
  }
  syncBuiltinESMExports();
  return () => {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  };
}

/** As Node makes them. */
function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
    errno: -5,
  });
}
