/**
 * @file Set-up, each step once. A clone gets packages, libtorch, the addon and the compiled TypeScript; an installed
 * package, where `npx vitrine setup` runs this, gets libtorch and the addon.
 */

import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { atWork } from "./alone.mjs";
import { findLibtorch } from "./libtorch.mjs";
import { buildNative } from "./native.mjs";
import { isClone, root } from "./place.mjs";
import { fingerprint, once, packages, quiet, stop } from "./run.mjs";

export async function setup() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    stop(`expected Node 20.19 or later, got ${process.versions.node}`);
  if (isClone) await install();
  await buildNative(await findLibtorch());
  if (isClone) await compile();
}

/** The packages that package-lock.json names. */
async function install() {
  await once("packages", fingerprint(["package-lock.json"]), packages, async () => {
    // the ONNX runtime carries what runs on the processor; its install step would fetch what runs on a GPU
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
    const installed = await quiet("npm", ["ci", "--no-audit", "--no-fund"], { env });
    if (!installed.ok) stop(`npm ci failed:\n${installed.output}`);
  });
}

/** The TypeScript into dist/, and the link by which `npx vitrine` finds it; npm makes that for dependencies only. */
async function compile() {
  const sources = [
    "src",
    "web",
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts/build.mjs",
    "scripts/web.mjs",
  ];
  const results = () => fingerprint(["dist"]);
  await once("TypeScript", fingerprint(sources), results, async () => {
    const built = await quiet(process.execPath, [join(root, "scripts", "build.mjs")]);
    if (!built.ok) stop(built.output.replace(/^error: /, "").trim());
  });
  const link = join(root, "node_modules", ".bin", "vitrine");
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "cli", "main.js"), link);
}

if (process.argv[1] === import.meta.filename) await atWork(setup);
