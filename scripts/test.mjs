/** @file `npm test`: set-up, then every test, then one plain line `N passed, N failed`. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, show } from "./run.mjs";
import { setup } from "./setup.mjs";

setup();
const report = join(root, "build", "tests.json");
rmSync(report, { force: true });
const args = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const status = show("npx", [...args, ...process.argv.slice(2)]);
if (!existsSync(report)) process.exit(status || 1);
const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, success } = JSON.parse(
  readFileSync(report, "utf8"),
);
// a file that does not even load has no failed test of its own
const failed = success ? numFailedTests : Math.max(numFailedTests, numFailedTestSuites, 1);
console.log(
  `${numPassedTests} passed, ${failed} failed${numPendingTests > 0 ? `, ${numPendingTests} skipped` : ""}`,
);
process.exit(status);
