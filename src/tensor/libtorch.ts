/** @file Where libtorch and the addon are, as set-up recorded them; what to say when they are not. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { elfProblem } from "./elf.ts";

/** What set-up built: `addon.json` in its place. */
export interface AddonRecord {
  /** The addon's file. */
  addon: string;
  /** libtorch's folder, and how it was found. */
  libtorch: string;
  source: string;
  /** libtorch's version: "2.13.0+cpu". */
  version: string;
  /** Of the addon's file. */
  sha256?: string;
}

/** The project's root: `src/tensor` and `dist/tensor` lie equally deep. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** What puts right whatever is missing or damaged; in a clone, `npm run setup` is the same. */
export const SETUP = 'run "npx vitrine setup"';

/** Whether this is a clone of the project; else it is a package that was installed. */
const isClone = existsSync(join(root, "src"));

/** What puts right an installation of npm that is not whole. */
export const PACKAGES = `delete node_modules, then run "${isClone ? "npm run setup" : "npm install"}"`;

/**
 * Where set-up puts things, as `scripts/place.mjs` says too: the addon, and a libtorch that it fetched. In a clone
 * these are `build/` and `.libtorch/`; for an installed package folders of the user's, the addon's one a version.
 */
export function places(): { addon: string; libtorch: string } {
  if (isClone) return { addon: join(root, "build"), libtorch: join(root, ".libtorch") };
  const { VITRINE_HOME, XDG_CACHE_HOME } = process.env;
  const home = resolve(VITRINE_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "vitrine"));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return {
    addon: join(home, `${version}-${process.arch}`),
    libtorch: join(home, `libtorch-${process.arch}`),
  };
}

/** The record of the addon in use (`VITRINE_ADDON` names another), or one line that says what to do. */
export function addonRecord(): AddonRecord | string {
  const file = process.env.VITRINE_ADDON || join(places().addon, "addon.json");
  if (!existsSync(file)) return `the libtorch addon is not built (no ${file}); ${SETUP}`;
  const record = parseRecord(readFileSync(file, "utf8"));
  if (record === undefined) return `${file} does not name an addon and its libtorch; ${SETUP}`;
  if (!existsSync(record.addon)) return `the addon ${record.addon} is gone; ${SETUP}`;
  if (!existsSync(record.libtorch)) return `libtorch is gone from ${record.libtorch}; ${SETUP}`;
  return record;
}

/** What is wrong with the files that the addon's loading would map, if anything is: one line with its remedy. */
export function damage({ addon, libtorch, source, sha256 }: AddonRecord): string | undefined {
  const problem = elfProblem(addon);
  if (problem !== undefined) return `the addon ${addon} ${problem}; ${SETUP}`;
  if (sha256 !== undefined && createHash("sha256").update(readFileSync(addon)).digest("hex") !== sha256)
    return `the addon ${addon} is not as it was built; ${SETUP}`;
  const folder = existsSync(join(libtorch, "lib")) ? join(libtorch, "lib") : libtorch;
  const names = readdirSync(folder).filter((name) => /^lib(c10|torch|torch_cpu|gomp[-\w]*)\.so/.test(name));
  for (const file of names.map((name) => join(folder, name))) {
    const fault = existsSync(file) ? elfProblem(file) : "leads nowhere";
    const remedy = source === "fetched" ? `delete ${dirname(libtorch)}` : "install that libtorch again";
    if (fault !== undefined) return `libtorch's ${file} ${fault}; ${remedy}, then ${SETUP}`;
  }
  return undefined;
}

function parseRecord(text: string): AddonRecord | undefined {
  try {
    const { addon, libtorch, source, version, sha256 } = JSON.parse(text);
    const all = [addon, libtorch, source, version, sha256 ?? ""];
    if (!all.every((value) => typeof value === "string")) return undefined;
    return { addon, libtorch, source, version, ...(sha256 && { sha256 }) };
  } catch {
    return undefined;
  }
}

/** One line for a failed load: which library, and the remedy. */
export function libtorchProblem(record: AddonRecord, cause: unknown): string {
  const reason = String(cause instanceof Error ? cause.message : cause).split("\n")[0];
  return `the addon built for libtorch ${record.version} (${record.libtorch}) does not load: ${reason}; ${SETUP}`;
}
