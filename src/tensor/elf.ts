/** @file Whether a library's file is whole: loading one that is cut short ends the process without a word. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { endianness } from "node:os";

/** Machine numbers of the ELF header for Node's names of processors. */
const MACHINES: Record<string, number> = {
  x64: 62,
  arm64: 183,
  riscv64: 243,
  ppc64: 21,
  s390x: 22,
  loong64: 258,
};

/**
 * Why a 64-bit ELF library cannot be loaded here, as words that follow its name; undefined where nothing is seen.
 * The table of sections lies behind everything else, so a file that is cut anywhere ends before the table does.
 */
export function elfProblem(path: string): string | undefined {
  const size = statSync(path).size;
  const header = Buffer.alloc(64);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header, 0, 64, 0) < 64) return "is cut short";
  } finally {
    closeSync(file);
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) return "is no library";
  const little = endianness() === "LE";
  const short = (at: number) => (little ? header.readUInt16LE(at) : header.readUInt16BE(at));
  const long = (at: number) => Number(little ? header.readBigUInt64LE(at) : header.readBigUInt64BE(at));
  const machine = MACHINES[process.arch];
  if (machine !== undefined && short(18) !== machine) return `is not for this processor (${process.arch})`;
  return long(40) + short(58) * short(60) > size ? "is cut short" : undefined;
}
