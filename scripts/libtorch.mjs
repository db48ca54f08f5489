/** @file Finds libtorch, or fetches it: VITRINE_LIBTORCH, .libtorch/, Python's torch, the system's; else the CPU wheel. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quiet, root, stop } from "./run.mjs";

export const WHEEL = "2.13.0";
const python = process.env.VITRINE_PYTHON ?? "python3";

/** A libtorch folder: { folder, cmake, version, source }, or undefined where there is none. */
export function libtorchAt(folder, source) {
  const versionFile = join(folder, "version.py");
  const cmake = join(folder, "share", "cmake", "Torch");
  if (!existsSync(join(folder, "lib", "libtorch_cpu.so")) || !existsSync(cmake)) return undefined;
  if (existsSync(versionFile)) {
    const version = /__version__ = '([^']+)'/.exec(readFileSync(versionFile, "utf8"))?.[1];
    return { folder, cmake, version, source };
  }
  const buildVersion = join(folder, "build-version"); // the plain zip from pytorch.org
  if (!existsSync(buildVersion)) return undefined;
  return { folder, cmake, version: readFileSync(buildVersion, "utf8").trim(), source };
}

/** The distribution's libtorch-dev. */
export function systemLibtorch() {
  const header = "/usr/include/torch/csrc/api/include/torch/version.h";
  const libraries = existsSync("/usr/lib")
    ? readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"))
    : [];
  for (const name of libraries) {
    const cmake = join("/usr/lib", name, "cmake", "Torch");
    if (!existsSync(cmake) || !existsSync(header)) continue;
    const text = readFileSync(header, "utf8");
    const part = (which) => new RegExp(`TORCH_VERSION_${which} (\\d+)`).exec(text)?.[1];
    const version = `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
    return { folder: join("/usr/lib", name), cmake, version, source: "libtorch-dev" };
  }
  return undefined;
}

function pythonTorch() {
  const probe =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  const found = quiet(python, ["-c", probe]);
  const folder = found.ok ? found.output.trim() : "";
  return folder === "" ? undefined : libtorchAt(folder, "python's torch");
}

/** libtorch for this project. Versions before 2 serve only where the wheel cannot be had: they train three times slower. */
export function findLibtorch() {
  const named = process.env.VITRINE_LIBTORCH;
  if (named === "system")
    return systemLibtorch() ?? stop("VITRINE_LIBTORCH=system, but libtorch-dev is not installed");
  if (named !== undefined) {
    const found =
      libtorchAt(named, "VITRINE_LIBTORCH") ?? libtorchAt(join(named, "torch"), "VITRINE_LIBTORCH");
    return (
      found ??
      stop(`VITRINE_LIBTORCH: no libtorch in ${named} (expected lib/libtorch_cpu.so and share/cmake/Torch)`)
    );
  }
  const local = libtorchAt(join(root, ".libtorch", "torch"), ".libtorch");
  if (local !== undefined) return local;
  const present = pythonTorch() ?? systemLibtorch();
  if (present !== undefined && Number.parseInt(present.version, 10) >= 2) return present;
  const attempts = [];
  return fetchWheel(attempts) ?? present ?? installSystem(attempts);
}

/** The CPU wheel by pip, without its Python dependencies, unpacked into .libtorch/. */
function fetchWheel(attempts) {
  const target = join(root, ".libtorch");
  const folder = mkdtempSync(join(tmpdir(), "vitrine-wheel-"));
  const sources = [
    [`torch==${WHEEL}+cpu`],
    [`torch==${WHEEL}+cpu`, "--index-url", "https://download.pytorch.org/whl/cpu"],
    [`torch==${WHEEL}`],
  ];
  try {
    for (const source of sources) {
      process.stderr.write(`fetching libtorch (${source.join(" ")}) … `);
      const got = quiet(python, [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        folder,
        ...source,
      ]);
      process.stderr.write(got.ok ? "ok\n" : "no\n");
      if (!got.ok) {
        attempts.push(`pip download ${source[0]}: ${got.output.trim().split("\n").at(-1)}`);
        continue;
      }
      const wheel = join(
        folder,
        readdirSync(folder).find((name) => name.endsWith(".whl")),
      );
      const unpack =
        "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); keep = ('torch/lib/', 'torch/include/', 'torch/share/', 'torch/version.py'); " +
        "[z.extract(n, sys.argv[2]) for n in z.namelist() if n.startswith(keep) or '.libs/' in n]";
      rmSync(`${target}.part`, { recursive: true, force: true });
      mkdirSync(`${target}.part`, { recursive: true });
      const unpacked = quiet(python, ["-c", unpack, wheel, `${target}.part`]);
      if (!unpacked.ok) stop(`could not unpack ${wheel}: ${unpacked.output.trim().split("\n").at(-1)}`);
      rmSync(target, { recursive: true, force: true });
      renameSync(`${target}.part`, target);
      return libtorchAt(join(target, "torch"), ".libtorch");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

function installSystem(attempts) {
  if (process.getuid?.() === 0 && quiet("apt-get", ["--version"]).ok) {
    process.stderr.write("installing libtorch-dev … ");
    quiet("apt-get", ["update"]);
    const installed = quiet("apt-get", ["install", "-y", "--no-install-recommends", "libtorch-dev"]);
    process.stderr.write(installed.ok ? "ok\n" : "no\n");
    if (installed.ok) return systemLibtorch();
    attempts.push(`apt-get install libtorch-dev: ${installed.output.trim().split("\n").at(-1)}`);
  }
  stop(
    `no libtorch. Tried VITRINE_LIBTORCH, .libtorch/, python's torch, libtorch-dev, and:\n  ${attempts.join("\n  ")}\n` +
      `Install one of: python3 with pip (then run this again), "apt-get install libtorch-dev", or unpack libtorch from ` +
      `pytorch.org and set VITRINE_LIBTORCH to its folder.`,
  );
}
