/** @file Where set-up puts what it fetches and builds, and how it writes there. `src/tensor/libtorch.ts` reads from it. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const isClone = existsSync(join(root, "src"));

export const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { VITRINE_HOME, XDG_CACHE_HOME } = process.env;
/** The user's folder of an installed package: node_modules may belong to somebody else, and is emptied by an update. */
const home = resolve(VITRINE_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "vitrine"));

/** Addons and records: `build/` of a clone, or one folder a version. */
export const place = isClone ? join(root, "build") : join(home, `${version}-${process.arch}`);
/** Whether set-up is to have the libtorch that computes on NVIDIA's GPUs too: gigabytes, so only where it is asked for. */
export const cuda = process.env.VITRINE_CUDA === "1";
/** The libtorch that set-up fetches; versions of an installed package share it. */
const plain = isClone ? join(root, ".libtorch") : join(home, `libtorch-${process.arch}`);
export const fetched = cuda ? `${plain}-cuda` : plain;

/** Writes an object as JSON, whole or not at all, and only where it differs: a read-only folder may be complete. */
export function write(file, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, file);
}
