/** @file Builds the addon against one libtorch and records which: `node scripts/native.mjs [--system]`. */

import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { atWork } from "./alone.mjs";
import { findLibtorch, jpegHeaders, linking, systemLibtorch } from "./libtorch.mjs";
import { place, root, write } from "./place.mjs";
import { fingerprint, quiet, readRecord, stop, timed } from "./run.mjs";

/** Builds the addon unless it is there and loads, and writes the record that the library reads; the record's path. */
export async function buildNative(libtorch, name = "addon.json") {
  const { folder, version, source } = libtorch;
  // colons and semicolons part the entries of the lists in which the linker and CMake keep folders
  const odd = [folder, place].find((path) => /[:;]/.test(path));
  if (odd !== undefined) stop(`the path ${odd} has a ":" or ";", with which nothing can be linked; move it`);
  const own = join(place, version);
  const addon = join(own, "vitrine.node");
  const { CUDA_INCLUDE } = linking(libtorch);
  const print = fingerprint(
    ["native"],
    `${folder} ${version} ${process.platform} ${process.arch}${CUDA_INCLUDE}${jpegHeaders()}`,
  );
  if (!(await isReady(join(own, "vitrine.json"), addon, print))) {
    await timed(`addon for libtorch ${version}`, () => build(libtorch, own, addon));
    const problem = await loadProblem(addon);
    if (problem !== undefined) stop(`the addon is built, but does not load: ${problem}; ${advice(libtorch)}`);
    write(join(own, "vitrine.json"), {
      addon,
      libtorch: folder,
      source,
      version,
      print,
      sha256: sha256(addon),
    });
  }
  const record = join(place, name);
  write(record, readRecord(join(own, "vitrine.json")));
  return record;
}

/** Whether the addon of a record is from these sources, undamaged, and loads. */
async function isReady(file, addon, print) {
  const record = readRecord(file);
  if (record?.print !== print || !existsSync(addon) || record.sha256 !== sha256(addon)) return false;
  return (await loadProblem(addon)) === undefined;
}

const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Why a library does not load, if so. Asked in a process of its own: one that is cut short ends the process. */
async function loadProblem(file) {
  const code =
    "try { process.dlopen({ exports: {} }, process.argv[1]) } catch (e) { console.log(e.message); process.exit(1) }";
  const { ok, output } = await quiet(process.execPath, ["-e", code, file]);
  return ok ? undefined : output.trim().split("\n")[0] || "it ends the process";
}

async function build(libtorch, own, addon) {
  const work = join(own, "cmake");
  const again = existsSync(work);
  mkdirSync(work, { recursive: true });
  for (const path of [own, work]) accessSync(path, constants.W_OK);
  await requireTools();
  let problem = await compile(libtorch, work);
  if (problem !== undefined && again) {
    // what a build that was interrupted, or that was moved here, has left
    rmSync(work, { recursive: true, force: true });
    problem = await compile(libtorch, work);
  }
  if (/No space left on device/.test(problem)) stop(`the disk is full; free 1 GB for ${place}`, 7);
  if (problem !== undefined) stop(`${problem}\n${advice(libtorch)}`);
  // a running process may have the old file mapped: replace it, never write into it
  copyFileSync(join(work, "vitrine.node"), `${addon}.new`);
  renameSync(`${addon}.new`, addon);
}

/** Compiles; what went wrong, if anything did. */
async function compile(libtorch, work) {
  const paths = { ...linking(libtorch), JPEG_INCLUDE: jpegHeaders(), NODE_API_INCLUDE: headers() };
  const settings = Object.entries(paths).map(([name, value]) => `-D${name}=${value}`);
  const configured = await quiet("cmake", ["-S", join(root, "native"), "-B", work, ...settings]);
  if (!configured.ok) return `cmake could not configure the addon:\n${configured.output}`;
  const built = await quiet("cmake", ["--build", work, "-j", String(Math.min(availableParallelism(), 4))]);
  return built.ok ? undefined : `the addon did not compile:\n${built.output}`;
}

/** Node-API's headers: a package that npm puts beside this one or inside it. */
function headers() {
  try {
    return createRequire(import.meta.url)("node-api-headers").include_dir;
  } catch {
    return stop(
      "the package node-api-headers is not installed, or not whole; delete node_modules and install again",
    );
  }
}

/** What to try where the addon cannot be built or loaded. */
const advice = ({ folder, source }) =>
  `libtorch is the one in ${folder} (${source}); if that is damaged, ` +
  (source === "fetched"
    ? `delete ${dirname(folder)} and run this again`
    : "install it again, or set VITRINE_LIBTORCH");

async function requireTools() {
  const missing = [];
  for (const tool of ["cmake", "g++", "make"]) if (!(await quiet(tool, ["--version"])).ok) missing.push(tool);
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && (await quiet("apt-get", ["update"])).ok) {
    if ((await quiet("apt-get", ["install", "-y", "--no-install-recommends", ...missing])).ok) return;
  }
  stop(
    `building the addon needs ${missing.join(", ")}; install them, on Debian: apt-get install cmake g++ make`,
  );
}

if (process.argv[1] === import.meta.filename)
  await atWork(async () => {
    const system = process.argv.includes("--system");
    const libtorch = system
      ? (systemLibtorch() ?? stop("libtorch-dev is not installed"))
      : await findLibtorch();
    console.log(await buildNative(libtorch, system ? "addon-system.json" : undefined));
  });
