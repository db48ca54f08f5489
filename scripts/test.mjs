/**
 * @file `npm test`: set-up, every test, the engine's once more against a second libtorch where there is one; then the
 * failures by name and one plain line `N passed, N failed`. Arguments go to vitest, and then there is one run: `npm test -- src/rate`.
 */

import { atWork } from "./alone.mjs";
import { setup } from "./setup.mjs";
import { testSystem } from "./test-system.mjs";
import { runTests } from "./vitest.mjs";

await atWork(setup);
const args = process.argv.slice(2);
const runs = [await runTests("tests.json", args)];
const second = args.length === 0 ? await testSystem() : undefined;
if (second !== undefined) runs.push(second);

for (const failure of runs.flatMap((run) => run.failures)) console.log(`failed: ${failure}`);
const sum = (key) => runs.reduce((total, run) => total + run[key], 0);
const skipped = sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : "";
console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped}`);
process.exit(sum("failed") > 0 ? 1 : 0);
