/**
 * @file The Python that runs the peer, and whether it can: VITRINE_BENCH_PYTHON (default python3) with torch of the very
 * libtorch the addon uses, first from the libtorch's own folder, else as Python has it installed.
 */

import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { addonRecord } from "../src/tensor/libtorch.ts";

export const python = process.env.VITRINE_BENCH_PYTHON ?? "python3";

const PROBE = "import torch; print(torch.__version__)";

let found: { env: NodeJS.ProcessEnv } | { problem: string } | undefined;

/** The environment in which the peer finds torch. @throws {Error} with what is missing and how to install it */
export function peerEnvironment(): NodeJS.ProcessEnv {
  found ??= find();
  if ("problem" in found) throw new Error(found.problem);
  return found.env;
}

/** Why there is no peer, in one line; undefined where there is one. */
export function peerProblem(): string | undefined {
  found ??= find();
  return "problem" in found ? found.problem : undefined;
}

function find(): { env: NodeJS.ProcessEnv } | { problem: string } {
  const record = addonRecord();
  if (typeof record === "string") return { problem: record };
  const beside = { ...process.env, PYTHONPATH: joined(dirname(record.libtorch), process.env.PYTHONPATH) };
  const wanted = record.version.split("+")[0];
  const seen: string[] = [];
  for (const env of [beside, process.env]) {
    const { status, stdout, stderr } = spawnSync(python, ["-c", PROBE], { env, encoding: "utf8" });
    const version = stdout?.trim();
    if (status === 0 && version.split("+")[0] === wanted) return { env };
    seen.push(status === 0 ? `torch ${version}` : (stderr?.trim().split("\n").at(-1) ?? "no such program"));
  }
  const remedy = `python3 -m venv peer && peer/bin/pip install torch==${wanted} (numpy is optional), then VITRINE_BENCH_PYTHON=peer/bin/python`;
  return {
    problem: `${python} has no torch ${wanted}, the addon's version: ${seen.join("; ")}. To have one: ${remedy}`,
  };
}

const joined = (first: string, rest: string | undefined): string =>
  rest === undefined ? first : `${first}:${rest}`;
