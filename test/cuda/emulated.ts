/** @file Kernels of native/cuda/*.cu compiled by g++ and run on the processor: `emulate.h`. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../markdown.ts";

/** Whether a compiler is there. */
export const has = (compiler: string): boolean => spawnSync(compiler, ["--version"]).status === 0;

/** Runs one emulated kernel: flags of the program, arrays in, as many numbers out as `counts` say, an array for each. */
export type Emulated = (
  flags: string[],
  given: (Float32Array | Int32Array)[],
  counts: number[],
) => Float32Array[];

/** Programs that run kernels, in a folder that goes with the work. */
export class Programs {
  private readonly folder = mkdtempSync(join(tmpdir(), "vitrine-cuda-"));
  private count = 0;

  /** test/cuda/NAME.cpp with definitions such as COLUMNS=65. */
  compile(name: string, definitions: string[]): Emulated {
    const program = join(this.folder, `${this.count++}`);
    const source = join(root, "test/cuda", `${name}.cpp`);
    const options = ["-std=c++17", "-O1", "-Wall", "-Werror", "-Wno-unknown-pragmas"];
    succeed("g++", [...options, ...definitions.map((one) => `-D${one}`), "-o", program, source]);
    return (flags, given, counts) => {
      const bytes = given.map(({ buffer, byteOffset, byteLength }) =>
        Buffer.from(buffer, byteOffset, byteLength),
      );
      const answer = succeed(program, flags, Buffer.concat(bytes));
      const numbers = new Float32Array(new Uint8Array(answer).buffer);
      if (numbers.length !== counts.reduce((sum, count) => sum + count, 0))
        throw new Error(`${name} gave ${numbers.length} numbers, expected ${counts.join(" + ")}`);
      const ends = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, count) => sum + count));
      return counts.map((count, i) => numbers.slice(ends[i]! - count, ends[i]!));
    };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What a program writes; an error with its complaint where it fails. */
export function succeed(program: string, args: string[], input?: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...(input && { input }),
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
