/** @file `npm run demo`: set-up, a CRATE trained on real digits, and what each of its layers does. */

import { join } from "node:path";
import { root, show } from "./run.mjs";
import { setup } from "./setup.mjs";

setup();
const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
const run = join("runs", `demo-${stamp}`);
const vitrine = (...args) => {
  const status = show(process.execPath, [join(root, "dist", "cli", "main.js"), ...args]);
  if (status !== 0) process.exit(status);
};

vitrine("train", "digits", "--experiment", `demo-${stamp}`);
console.log();
vitrine("inspect", run);
console.log(`
Try next:
  open ${join(run, "figures")} in a browser: rates, sparsity, spectra, attention
  npm run vitrine -- eval ${run}
  npm run vitrine -- train vit-digits           the black box of equal width, for comparison
  npm run vitrine -- train digits --model.depth 8 --epochs 30
  npm run vitrine -- recipes ls`);
