/** @file `npm run campaign -- NAME [--minutes N] [--seed N] [--from N]`: faults of one kind, on what was built, until the time is up. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { hint } from "../src/base/nearest.ts";
import type { Campaign } from "./campaign.ts";

const NAMES = ["kill", "disk", "fuzz", "native", "commands", "soak"];

const fail = (text: string): never => {
  console.error(`error: ${text}`);
  process.exit(2);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "2" }, seed: { type: "string" }, from: { type: "string" } },
});
const [name, ...rest] = positionals;
if (name === undefined || rest.length > 0 || !NAMES.includes(name))
  fail(
    `expected one of ${NAMES.join(", ")}, got ${positionals.join(" ") || "nothing"}${hint(name ?? "", NAMES)}`,
  );
const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(`expected --minutes above 0, got ${values.minutes}`);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!Number.isSafeInteger(seed) || seed < 0) fail(`expected --seed to be a whole number, got ${values.seed}`);

const from = Number(values.from ?? 0);
if (!Number.isSafeInteger(from) || from < 0 || (values.from !== undefined && name !== "disk"))
  fail(`expected --from, which disk alone has, to be a whole number, got ${values.from}`);

console.log(`campaign ${name}: seed ${seed}, ${minutes} min`);
const { default: campaign } = (await import(`./${name}.ts`)) as { default: Campaign };
const keep = join("runs", "campaign", name!);
const { tried, failures } = await campaign({ until: performance.now() + minutes * 60_000, seed, keep, from });
for (const [what, count] of Object.entries(tried))
  console.log(`${what}: ${count.toLocaleString("en")} tried`);
for (const failure of failures) console.error(`failure: ${failure}`);
const sum = Object.values(tried).reduce((total, count) => total + count, 0);
console.log(
  `campaign ${name}: ${sum.toLocaleString("en")} faults, ${failures.length} failures, seed ${seed}`,
);
process.exit(failures.length > 0 ? 1 : 0);
