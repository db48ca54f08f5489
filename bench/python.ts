/**
 * @file The Python that runs the peer, and whether it can: VITRINE_BENCH_PYTHON (default python3) with torch of the very
 * libtorch the addon uses, first from the libtorch's own folder, else as Python has it installed.
 */

import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { addonRecord } from "../src/tensor/libtorch.ts";

export const python = process.env.VITRINE_BENCH_PYTHON ?? "python3";

const PROBE = "import torch; print(torch.__version__)";

/** What a peer is written with. */
export type Library = "torch" | "sklearn";

type Found = { env: NodeJS.ProcessEnv } | { problem: string };
const found = new Map<Library, Found>();

function look(library: Library): Found {
  const known = found.get(library) ?? (library === "torch" ? findTorch() : findScikitLearn());
  found.set(library, known);
  return known;
}

/** The environment in which the peer finds its library. @throws {Error} with what is missing and how to install it */
export function peerEnvironment(library: Library): NodeJS.ProcessEnv {
  const known = look(library);
  if ("problem" in known) throw new Error(known.problem);
  return known.env;
}

/** Why there is no peer, in one line; undefined where there is one. */
export function peerProblem(library: Library): string | undefined {
  const known = look(library);
  return "problem" in known ? known.problem : undefined;
}

function findScikitLearn(): Found {
  const { status } = spawnSync(python, ["-c", "import sklearn"], { encoding: "utf8" });
  if (status === 0) return { env: process.env };
  return {
    problem: `${python} has no scikit-learn. To have it: apt-get install python3-sklearn, or pip install scikit-learn`,
  };
}

function findTorch(): Found {
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
