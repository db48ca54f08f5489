/** @file Builds the addon against one libtorch and records which: `node scripts/native.mjs [--system]`. */

import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { findLibtorch, systemLibtorch } from "./libtorch.mjs";
import { fingerprint, once, quiet, root, stop } from "./run.mjs";

/** Builds into build/<version>/ and writes the record that the library reads; the record's path. */
export function buildNative(libtorch, record = join("build", "addon.json")) {
  const folder = join("build", libtorch.version);
  const addon = join(root, folder, `vitrine.node`);
  const print = fingerprint(["native"], `${libtorch.folder} ${libtorch.version}`);
  once(`addon for libtorch ${libtorch.version}`, print, [join(folder, "vitrine.node")], () => {
    requireTools();
    const headers = join(root, "node_modules", "node-api-headers", "include");
    const work = join(root, folder, "cmake");
    // the prefix comes before the system's folders: without it CMake mixes two libtorchs where both are installed
    const settings = [
      `-DCMAKE_PREFIX_PATH=${libtorch.source === "libtorch-dev" ? "/usr" : libtorch.folder}`,
      `-DNODE_API_INCLUDE=${headers}`,
      "-DCMAKE_BUILD_TYPE=Release",
    ];
    const configured = quiet("cmake", ["-S", join(root, "native"), "-B", work, ...settings]);
    if (!configured.ok) stop(`cmake could not configure the addon:\n${configured.output}`);
    const built = quiet("cmake", ["--build", work, "-j", String(Math.min(cpus().length, 4))]);
    if (!built.ok) stop(`the addon did not compile:\n${built.output}`);
    // a running process may have the old file mapped: replace it, never write into it
    copyFileSync(join(work, "vitrine.node"), `${addon}.new`);
    renameSync(`${addon}.new`, addon);
  });
  const path = join(root, record);
  mkdirSync(join(root, "build"), { recursive: true });
  const facts = { addon, libtorch: libtorch.folder, source: libtorch.source, version: libtorch.version };
  writeFileSync(path, `${JSON.stringify(facts, null, 2)}\n`);
  return path;
}

function requireTools() {
  const missing = ["cmake", "g++", "make"].filter((tool) => !quiet(tool, ["--version"]).ok);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && quiet("apt-get", ["update"]).ok) {
    if (quiet("apt-get", ["install", "-y", "--no-install-recommends", ...missing]).ok) return;
  }
  stop(
    `building the addon needs ${missing.join(", ")}; install them, on Debian: apt-get install cmake g++ make`,
  );
}

if (process.argv[1] === import.meta.filename) {
  const system = process.argv.includes("--system");
  const libtorch = system ? (systemLibtorch() ?? stop("libtorch-dev is not installed")) : findLibtorch();
  console.log(buildNative(libtorch, system ? join("build", "addon-system.json") : undefined));
}
