/** @file Fetches libtorch by pip: torch's wheel for the CPU alone, or the one with CUDA and the wheels of NVIDIA's libraries. */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cuda, fetched } from "./place.mjs";
import { quiet } from "./run.mjs";

const WHEEL = "2.13.0";
const CUDA_SOURCES = [
  [`torch==${WHEEL}`],
  [`torch==${WHEEL}`, "--index-url", "https://download.pytorch.org/whl/cu130"],
];
const CPU_SOURCES = [
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
  for (const source of cuda ? CUDA_SOURCES : CPU_SOURCES) {
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
  // what torch's Python code needs is not for us, but pip alone knows which of NVIDIA's libraries a wheel asks for
  const dependencies = cuda ? [] : ["--no-deps"];
  const options = [...dependencies, "--only-binary=:all:", "-d", part];
  const { ok, output } = await quiet(python, ["-m", "pip", "download", ...options, ...source]);
  return ok ? undefined : lastLine(output);
}

/** The libraries of all wheels into one folder, side by side: there they find each other. */
async function unpack() {
  const wheels = readdirSync(part).filter((name) => name.endsWith(".whl"));
  if (wheels.length === 0) return "pip left no wheel";
  for (const wheel of wheels) {
    const { ok, output } = await quiet(python, ["-c", UNPACK, join(part, wheel), join(part, "unpacked")]);
    if (!ok) return `${wheel} cannot be unpacked: ${lastLine(output)}`;
  }
  if (cuda && !existsSync(join(part, "unpacked", "torch", "lib", "libtorch_cuda.so")))
    return "this wheel computes on the CPU only";
  return undefined;
}

const UNPACK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    keep = ("torch/lib/", "torch/include/", "torch/share/", "torch/version.py", "nvidia/")
    for name in wheel.namelist():
        if name.startswith(keep) or ".libs/" in name:
            wheel.extract(name, sys.argv[2])`;

const lastLine = (text) => text.trim().split("\n").at(-1);
