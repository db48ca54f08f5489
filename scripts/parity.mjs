/** @file `npm run parity -- FILE…`: set-up, then ours beside reference files. */

import { atWork } from "./alone.mjs";
import { show } from "./run.mjs";
import { setup } from "./setup.mjs";

await atWork(setup);
process.exit(await show("npx", ["tsx", "test/parity/main.ts", ...process.argv.slice(2)]));
