/** @file Everything a fresh clone needs, each step once: packages, libtorch, the addon, the compiled TypeScript. */

import { findLibtorch } from "./libtorch.mjs";
import { buildNative } from "./native.mjs";
import { fingerprint, once, quiet, stop } from "./run.mjs";

export function setup() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    stop(`expected Node 20.19 or later, got ${process.versions.node}`);
  once("packages", fingerprint(["package-lock.json"]), ["node_modules"], () => {
    const installed = quiet("npm", ["ci", "--no-audit", "--no-fund"]);
    if (!installed.ok) stop(`npm ci failed:\n${installed.output}`);
  });
  buildNative(findLibtorch());
  once("TypeScript", fingerprint(["src", "tsconfig.json", "tsconfig.build.json"]), ["dist/index.js"], () => {
    const built = quiet("npx", ["tsc", "-p", "tsconfig.build.json"]);
    if (!built.ok) stop(`the TypeScript did not compile:\n${built.output}`);
  });
}

if (process.argv[1] === import.meta.filename) setup();
