/** @file The machine and versions that a report was made with. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { native } from "../tensor/index.ts";
import { root } from "../tensor/libtorch.ts";
import type { Report } from "./report-schema.ts";

/** Of this process. */
export function environment(): Report["environment"] {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return {
    vitrine: version,
    libtorch: native().versions().torch,
    threads: native().threads(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}
