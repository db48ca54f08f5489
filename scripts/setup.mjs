/** @file Everything a fresh clone needs, each step once: packages, libtorch, the addon, the compiled TypeScript. */

import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { findLibtorch } from "./libtorch.mjs";
import { buildNative } from "./native.mjs";
import { fingerprint, once, quiet, root, stop } from "./run.mjs";

export function setup() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    stop(`expected Node 20.19 or later, got ${process.versions.node}`);
  once("packages", fingerprint(["package-lock.json"]), ["node_modules"], () => {
    // the ONNX runtime carries what runs on the processor; its install step would fetch what runs on a GPU
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
    const installed = quiet("npm", ["ci", "--no-audit", "--no-fund"], { env });
    if (!installed.ok) stop(`npm ci failed:\n${installed.output}`);
  });
  buildNative(findLibtorch());
  const sources = ["src", "tsconfig.json", "tsconfig.build.json", "scripts/build.mjs"];
  once("TypeScript", fingerprint(sources), ["dist/index.js"], () => {
    const built = quiet(process.execPath, [join(root, "scripts", "build.mjs")]);
    if (!built.ok) stop(built.output.replace(/^error: /, "").trim());
  });
  linkProgram();
}

/** `npx vitrine` in a clone runs what is built here; npm makes this link for dependencies only. */
function linkProgram() {
  const link = join(root, "node_modules", ".bin", "vitrine");
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "cli", "main.js"), link);
}

if (process.argv[1] === import.meta.filename) setup();
