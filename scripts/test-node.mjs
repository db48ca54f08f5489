/**
 * @file The newer releases of Node: the engine's, the training loop's and the command line's tests, and a training on
 * what was built. The npm packages `node-linux-…` bring the programs. `node scripts/test-node.mjs [VERSION…]`
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { place, root } from "./place.mjs";
import { quiet, show, stop } from "./run.mjs";
import { runTests } from "./vitest.mjs";

const VERSIONS = ["22.23.5", "24.22.3"];
const TESTS = ["src/base", "src/tensor", "src/train", "src/cli"].concat(
  ["cli", "dist", "stop", "threads"].map((name) => `test/${name}.test.ts`),
);

const given = process.argv.slice(2);
for (const version of given.length > 0 ? given : VERSIONS) {
  const folder = join(place, `node-${version}`);
  mkdirSync(folder, { recursive: true });
  const name = `node-linux-${process.arch}`;
  const options = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund"];
  const installed = await quiet("npm", ["install", ...options, `${name}@${version}`]);
  if (!installed.ok) stop(`Node ${version} cannot be had:\n${installed.output}`);
  const PATH = `${join(folder, "node_modules", name, "bin")}:${process.env.PATH}`;

  console.log(`\non Node ${version}`);
  const output = mkdtempSync(join(tmpdir(), "vitrine-node-"));
  const args = [
    "dist/cli/main.js",
    "train",
    "digits",
    "--max-steps",
    "3",
    "--output",
    output,
    "--progress",
    "none",
  ];
  const trained = await show("node", args, { env: { ...process.env, PATH }, cwd: root });
  rmSync(output, { recursive: true });
  const { passed, failed, skipped } = await runTests(`tests-node-${version}.json`, TESTS, { PATH });
  if (trained !== 0 || failed > 0)
    stop(`on Node ${version}: training ended with ${trained}, ${failed} tests failed`);
  console.log(`on Node ${version}: trained, ${passed} tests passed, ${skipped} skipped`);
}
