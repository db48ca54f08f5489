/** @file `npm run demo`: set-up, a CRATE trained on real digits, and what each of its layers does; then a page to draw on; with --studio the page over all runs. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { atWork } from "./alone.mjs";
import { root } from "./place.mjs";
import { show } from "./run.mjs";
import { setup } from "./setup.mjs";

await atWork(setup);
const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
const run = join("runs", `demo-${stamp}`);
const vitrine = async (...args) => {
  const status = await show(process.execPath, [join(root, "dist", "cli", "main.js"), ...args]);
  if (status !== 0) process.exit(status);
};

await vitrine("train", "digits", "--experiment", `demo-${stamp}`);
console.log();
await vitrine("inspect", run);
console.log();
const look = join("runs", "demo", "look.html");
mkdirSync(join("runs", "demo"), { recursive: true });
await vitrine("export", run, "--format", "html", "--output", look);
const studio = process.argv.includes("--studio");
console.log(`
Try next:
  open ${join(run, "figures")} in a browser: rates, sparsity, spectra, attention
  npx vitrine eval ${run}
  npx vitrine train vit-digits           the black box of equal width, for comparison
  npx vitrine train digits --model.depth 8 --epochs 30
  npx vitrine recipes ls

Open ${look} in a browser: draw a digit, and see what every layer makes of it.
${studio ? "" : `npx vitrine studio opens a page over all runs: curves, layers, comparisons.`}`);
if (studio) await vitrine("studio", "runs", "--open");
