/** @file Fetches libtorch: the CPU wheel of torch by pip, without its Python dependencies. */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fetched } from "./place.mjs";
import { quiet } from "./run.mjs";

const WHEEL = "2.13.0";
const SOURCES = [
  [`torch==${WHEEL}+cpu`],
  [`torch==${WHEEL}+cpu`, "--index-url", "https://download.pytorch.org/whl/cpu"],
  [`torch==${WHEEL}`],
];
export const python = process.env.VITRINE_PYTHON || "python3";

/** Download and unpacking, until both are complete; set-up works alone, so one that is found is left from a kill. */
const part = `${fetched}.part`;
export const removePart = () => existsSync(part) && rmSync(part, { recursive: true });

/** Fetches into place what the first source has; why each source before it had nothing. */
export async function fetchWheel() {
  const attempts = [];
  for (const source of SOURCES) {
    process.stderr.write(`fetching libtorch (${source.join(" ")}) … `);
    mkdirSync(part, { recursive: true });
    const problem = (await download(source)) ?? (await unpack());
    process.stderr.write(problem === undefined ? "ok\n" : `no: ${problem}\n`);
    if (problem === undefined) {
      rmSync(fetched, { recursive: true, force: true });
      renameSync(join(part, "unpacked"), fetched);
    }
    removePart();
    if (problem === undefined) break;
    attempts.push(`pip download ${source[0]}: ${problem}`);
  }
  return attempts;
}

async function download(source) {
  const options = ["--no-deps", "--only-binary=:all:", "-d", part];
  const { ok, output } = await quiet(python, ["-m", "pip", "download", ...options, ...source]);
  return ok ? undefined : lastLine(output);
}

async function unpack() {
  const wheel = readdirSync(part).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) return "pip left no wheel";
  const code =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); keep = ('torch/lib/', 'torch/include/', 'torch/share/', 'torch/version.py'); " +
    "[z.extract(n, sys.argv[2]) for n in z.namelist() if n.startswith(keep) or '.libs/' in n]";
  const { ok, output } = await quiet(python, ["-c", code, join(part, wheel), join(part, "unpacked")]);
  return ok ? undefined : `${wheel} cannot be unpacked: ${lastLine(output)}`;
}

const lastLine = (text) => text.trim().split("\n").at(-1);
