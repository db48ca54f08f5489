/** @file The engine's tests once more, against the distribution's older libtorch, where libtorch-dev is installed. */

import { atWork } from "./alone.mjs";
import { findLibtorch, systemLibtorch } from "./libtorch.mjs";
import { buildNative } from "./native.mjs";
import { runTests } from "./vitest.mjs";

/** Everything that computes; the data, the training loop and the command line do not depend on libtorch's version. */
const TESTS = ["src/base", "src/tensor", "src/nn", "src/rate", "src/model"].concat(
  ["across", "group", "parity", "threads", "tiny"].map((name) => `test/${name}.test.ts`),
);

/** Counts of passed, failed and skipped tests; undefined where the first run had the only libtorch there is. */
export async function testSystem() {
  const libtorch = systemLibtorch();
  if (libtorch === undefined || libtorch.folder === (await findLibtorch()).folder) return undefined;
  const record = await atWork(() => buildNative(libtorch, "addon-system.json"));
  console.log(`\nagainst libtorch ${libtorch.version} (${libtorch.source})`);
  return runTests("tests-system.json", TESTS, { VITRINE_ADDON: record });
}
