/** @file Finds libtorch: VITRINE_LIBTORCH, what set-up fetched, Python's torch, the system's; else it is fetched. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fetchWheel, python, removePart } from "./fetch.mjs";
import { cuda, fetched } from "./place.mjs";
import { quiet, stop } from "./run.mjs";

const VERSION_HEADER = "torch/csrc/api/include/torch/version.h";

/** A libtorch folder: { folder, include, lib, version, source }, or undefined where there is none. */
export function libtorchAt(folder, source) {
  const versionFile = join(folder, "version.py");
  const [include, lib] = [join(folder, "include"), join(folder, "lib")];
  if (!existsSync(join(lib, "libtorch_cpu.so")) || !existsSync(join(include, VERSION_HEADER)))
    return undefined;
  if (existsSync(versionFile)) {
    const version = /__version__ = '([^']+)'/.exec(readFileSync(versionFile, "utf8"))?.[1];
    return { folder, include, lib, version, source };
  }
  const buildVersion = join(folder, "build-version"); // the plain zip from pytorch.org
  if (!existsSync(buildVersion)) return undefined;
  const version = readFileSync(buildVersion, "utf8").trim();
  return { folder, include, lib, version, source };
}

/** The distribution's libtorch-dev. */
export function systemLibtorch() {
  const header = join("/usr/include", VERSION_HEADER);
  const libraries = existsSync("/usr/lib")
    ? readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"))
    : [];
  for (const name of libraries) {
    const lib = join("/usr/lib", name);
    if (!existsSync(join(lib, "libtorch_cpu.so")) || !existsSync(header)) continue;
    const text = readFileSync(header, "utf8");
    const part = (which) => new RegExp(`TORCH_VERSION_${which} (\\d+)`).exec(text)?.[1];
    const version = `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
    return { folder: lib, include: "/usr/include", lib, version, source: "libtorch-dev" };
  }
  return undefined;
}

/**
 * What the addon is compiled and linked with, in CMake's lists. Torch's own CMake files are not used: those of a CUDA
 * wheel want a CUDA toolkit, which is needed only to compile kernels.
 */
export function linking({ include, lib }) {
  const library = (name) => join(lib, `lib${name}.so`);
  const names = [...(hasCuda({ lib }) ? ["torch_cuda", "c10_cuda"] : []), "torch", "torch_cpu", "c10"];
  // wheels before 2.6 are built for the ABI that libstdc++ had before C++11
  const config = join(lib, "..", "share", "cmake", "Torch", "TorchConfig.cmake");
  const abi = existsSync(config) && /_GLIBCXX_USE_CXX11_ABI=[01]/.exec(readFileSync(config, "utf8"));
  return {
    LIBTORCH_INCLUDE: [include, join(include, "torch", "csrc", "api", "include")].join(";"),
    // but for graphs no symbol of the CUDA libraries is named: they register their kernels when they are loaded
    LIBTORCH_LIBRARIES: ["-Wl,--no-as-needed", ...names.map(library)].join(";"),
    LIBTORCH_DEFINITIONS: abi ? abi[0] : "",
    CUDA_INCLUDE: hasCuda({ lib }) && process.env.VITRINE_CUDA !== "0" ? cudaHeaders(lib) : "",
  };
}

/** The folder of libjpeg's headers, which are there with its library; empty where there are none. */
export const jpegHeaders = () =>
  ["/usr/local/include", "/usr/include"].find((folder) => existsSync(join(folder, "jpeglib.h"))) ?? "";

/** Folders of CUDA's and NCCL's headers: of all wheels that torch's wheel came with, or of a toolkit; empty where there are none. */
function cudaHeaders(lib) {
  const site = join(lib, "..", "..", "nvidia");
  const wheels = existsSync(site) ? readdirSync(site).sort() : [];
  const ofWheels = wheels.map((wheel) => join(site, wheel, "include")).filter(existsSync);
  const toolkits = [process.env.CUDA_HOME, "/usr/local/cuda"].filter(Boolean);
  const hasCudaHeaders = (include) => existsSync(join(include, "cuda_runtime_api.h"));
  if (ofWheels.some(hasCudaHeaders)) return ofWheels.join(";");
  const toolkit = toolkits.map((folder) => join(folder, "include")).find(hasCudaHeaders);
  return toolkit === undefined ? "" : [toolkit, ...ofWheels].join(";");
}

const hasCuda = ({ lib }) => existsSync(join(lib, "libtorch_cuda.so"));

async function pythonTorch() {
  const probe =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  const found = await quiet(python, ["-c", probe]);
  const folder = found.ok ? found.output.trim() : "";
  return folder === "" ? undefined : libtorchAt(folder, "python's torch");
}

/** libtorch for this project. Versions before 2 serve only where the wheel cannot be had: they train three times slower. */
export async function findLibtorch() {
  removePart();
  reportLeftovers();
  const named = process.env.VITRINE_LIBTORCH || undefined;
  if (named === "system")
    return systemLibtorch() ?? stop("VITRINE_LIBTORCH=system, but libtorch-dev is not installed");
  if (named !== undefined) {
    const folder = resolve(named);
    const places = [folder, join(folder, "torch")];
    const found = places.map((place) => libtorchAt(place, "VITRINE_LIBTORCH")).find(Boolean);
    return (
      found ??
      stop(`VITRINE_LIBTORCH: no libtorch in ${named} (expected lib/libtorch_cpu.so and include/torch)`)
    );
  }
  const local = () => libtorchAt(join(fetched, "torch"), "fetched");
  if (local() !== undefined) return local();
  const found = (await pythonTorch()) ?? systemLibtorch();
  const present = cuda && found !== undefined && !hasCuda(found) ? undefined : found;
  if (present !== undefined && Number.parseInt(present.version, 10) >= 2) return present;
  const attempts = await fetchWheel();
  if (cuda && local() === undefined)
    stop(
      `no libtorch with CUDA (VITRINE_CUDA=1). Tried python's torch, and:\n  ${attempts.join("\n  ")}\n` +
        `Install torch with CUDA for python3, or run this without VITRINE_CUDA for the CPU alone.`,
    );
  return local() ?? present ?? (await installSystem(attempts));
}

/** Downloads once went to folders of their own, a gigabyte each, and stayed where set-up was killed. */
function reportLeftovers() {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith("vitrine-wheel-"));
  for (const path of names.map((name) => join(tmpdir(), name)))
    if (statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
      process.stderr.write(`left by a set-up that was interrupted: delete ${path}\n`);
}

async function installSystem(attempts) {
  if (process.getuid?.() === 0 && (await quiet("apt-get", ["--version"])).ok) {
    process.stderr.write("installing libtorch-dev … ");
    await quiet("apt-get", ["update"]);
    const command = ["install", "-y", "--no-install-recommends", "libtorch-dev"];
    const installed = await quiet("apt-get", command);
    process.stderr.write(installed.ok ? "ok\n" : "no\n");
    if (installed.ok) return systemLibtorch();
    attempts.push(`apt-get install libtorch-dev: ${installed.output.trim().split("\n").at(-1)}`);
  }
  stop(
    `no libtorch. Tried VITRINE_LIBTORCH, ${fetched}, python's torch, libtorch-dev, and:\n  ${attempts.join("\n  ")}\n` +
      `Install one of: python3 with pip (then run this again), "apt-get install libtorch-dev", or unpack libtorch from ` +
      `pytorch.org and set VITRINE_LIBTORCH to its folder.`,
  );
}
