/** @file Where libtorch and the addon are, as set-up recorded them; what to say when they are not. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What set-up built: `build/<name>.json`, beside the addon. */
export interface AddonRecord {
  /** The addon's file. */
  addon: string;
  /** libtorch's folder, and how it was found. */
  libtorch: string;
  source: string;
  /** libtorch's version: "2.13.0+cpu". */
  version: string;
}

/** The project's root: `src/tensor` and `dist/tensor` lie equally deep. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The record of the addon in use (`VITRINE_ADDON` names another), or one line that says what to do. */
export function addonRecord(): AddonRecord | string {
  const file = process.env.VITRINE_ADDON ?? join(root, "build", "addon.json");
  if (!existsSync(file)) return `the libtorch addon is not built (no ${file}); run "npm run setup"`;
  const record = parseRecord(readFileSync(file, "utf8"));
  if (record === undefined) return `${file} does not name an addon and its libtorch; run "npm run setup"`;
  if (!existsSync(record.addon)) return `the addon ${record.addon} is gone; run "npm run setup"`;
  if (!existsSync(record.libtorch)) return `libtorch is gone from ${record.libtorch}; run "npm run setup"`;
  return record;
}

function parseRecord(text: string): AddonRecord | undefined {
  try {
    const { addon, libtorch, source, version } = JSON.parse(text);
    const all = [addon, libtorch, source, version];
    return all.every((value) => typeof value === "string") ? { addon, libtorch, source, version } : undefined;
  } catch {
    return undefined;
  }
}

/** One line for a failed load: which library, and the remedy. */
export function libtorchProblem(record: AddonRecord, cause: unknown): string {
  const reason = String(cause instanceof Error ? cause.message : cause).split("\n")[0];
  return `the addon built for libtorch ${record.version} (${record.libtorch}) does not load: ${reason}; run "npm run setup"`;
}
