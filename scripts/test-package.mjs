/**
 * @file The package as another project meets it: packed, installed into an empty folder, set up, trained with; then by a
 * user who may write nowhere. `node scripts/test-package.mjs [--build]`: with --build the addon is compiled there too,
 * else the clone's own is put where set-up finds it.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLibtorch } from "./libtorch.mjs";
import { place, root, version } from "./place.mjs";
import { quiet, readRecord, stop } from "./run.mjs";

const folder = mkdtempSync(join(tmpdir(), "vitrine packáge "));
const app = join(folder, "app");
const home = join(folder, "home");
const libtorch = await findLibtorch();
const settings = {
  VITRINE_HOME: home,
  VITRINE_LIBTORCH: libtorch.source === "libtorch-dev" ? "system" : libtorch.folder,
};
const env = { ...process.env, ...settings };
delete env.VITRINE_ADDON;

let passed = 0;

/** A command and how it is to end: its exit code, and what it is to say. */
async function expect(what, code, says, command, args, options = {}) {
  process.stderr.write(`${what} … `);
  const start = Date.now();
  const ended = await quiet(command, args, { cwd: app, env, ...options });
  const right = ended.code === code && says.test(ended.output);
  process.stderr.write(`${right ? "ok" : "no"}, ${((Date.now() - start) / 1000).toFixed(0)} s\n`);
  if (!right)
    stop(`expected exit code ${code} and ${says}, got ${ended.code} and:\n${ended.output}\nin ${folder}`);
  passed += 1;
}

mkdirSync(app);
writeFileSync(join(app, "package.json"), '{ "private": true }\n');
await expect("pack", 0, /\.tgz\s*$/, "npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
  cwd: root,
});
const file = join(
  folder,
  readdirSync(folder).find((name) => name.endsWith(".tgz")),
);
await expect("install", 0, /added/, "npm", ["install", "--no-audit", "--no-fund", file]);
if (existsSync(join(app, "node_modules", "typescript"))) stop("the package brings TypeScript along");

const without = /^error: the libtorch addon is not built \(no .*\); run "npx vitrine setup"$/m;
await expect("train before set-up", 2, without, "npx", ["vitrine", "train", "digits", "--max-steps", "3"]);
await expect("doctor before set-up", 1, /; run "npx vitrine setup"$/m, "npx", ["vitrine", "doctor"]);

if (!process.argv.includes("--build")) {
  const own = join(home, `${version}-${process.arch}`, libtorch.version);
  cpSync(join(place, libtorch.version), own, { recursive: true, filter: (name) => !name.endsWith("cmake") });
  const record = readRecord(join(own, "vitrine.json"));
  writeFileSync(join(own, "vitrine.json"), JSON.stringify({ ...record, addon: join(own, "vitrine.node") }));
}
await expect("set-up", 0, /^set up/m, "npx", ["vitrine", "setup"]);
await expect("set-up again", 0, /^set up/, "npx", ["vitrine", "setup"]);
await expect("doctor", 0, /^ok +addon +.*home/m, "npx", ["vitrine", "doctor"]);
await expect("train", 0, /3 steps/, "npx", [
  "vitrine",
  "train",
  "digits",
  "--max-steps",
  "3",
  "--experiment",
  "first",
]);
await expect("inspect", 0, /layer/, "npx", ["vitrine", "inspect", "runs/first", "--samples", "64"]);
const look = ["--format", "html", "--output", "look.html"];
await expect("export", 0, /^look\.html: \d+ KiB/m, "npx", ["vitrine", "export", "runs/first", ...look]);

// every module finds what it imports among the packages that came along
const modules = readdirSync(join(root, "dist"), { recursive: true }).filter(
  (name) => name.endsWith(".js") && !/(^|\/)(main|start)\.js$|(^|[-/])worker\.js$|^web\//.test(name),
);
const load = `for (const name of ${JSON.stringify(modules)}) await import(new URL(name, import.meta.resolve("vitrine")))`;
await expect("every module loads", 0, /^$/, process.execPath, ["--input-type=module", "-e", load]);

// a strict program on each subpath: the types that came along compile it, and it runs
writeFileSync(
  join(app, "program.mts"),
  `import { type Tensor, random, scope, tensor } from "vitrine";
import { type Dataset, openDataset } from "vitrine/data";
import { kMeans } from "vitrine/evaluate";
import { readReport, type Report } from "vitrine/inspect";
import { type MethodEntry, methodNames } from "vitrine/method";
import { type Family, models } from "vitrine/model";
import { Linear, type Module } from "vitrine/nn";
import { codingRate } from "vitrine/rate";
import { claims } from "vitrine/theory";
import { Descent, type Learner } from "vitrine/train";

const rate: number = scope(() => codingRate(tensor([[1, 0], [0, 1]]), { epsilon: 1 }).item());
const set = await openDataset("synthetic", { split: "test" });
const report: Report = readReport("runs/first/report.json");
const functions: readonly ((...given: never[]) => unknown)[] = [kMeans, random];
const classes: readonly (abstract new (...given: never[]) => unknown)[] = [Linear, Descent];
export type Types = [Tensor, Dataset, MethodEntry<never>, Family, Module, Learner<number>];
const counts = [functions, classes, methodNames(), models(), claims].map((list) => list.length > 0);
console.log(rate.toFixed(4), set.count, report.kind, counts.every(Boolean));
`,
);
const strict = [
  "--strict",
  "--module",
  "nodenext",
  "--target",
  "es2022",
  "--lib",
  "es2023,esnext.disposable,dom",
];
const tsc = join(root, "node_modules", ".bin", "tsc");
await expect("a strict program compiles", 0, /^$/, tsc, [...strict, "--skipLibCheck", "program.mts"]);
await expect("and runs", 0, /^0\.6931 160 inspection true/, process.execPath, ["program.mjs"]);

if (process.getuid() === 0) {
  spawnSync("chmod", ["-R", "a+rX,go-w", folder]);
  const output = join(folder, "output");
  mkdirSync(output, { mode: 0o777 });
  spawnSync("chmod", ["a+rwx", output]);
  const user = { uid: 65_534, gid: 65_534, env: { ...env, HOME: "/nonexistent" } };
  const program = join(app, "node_modules", ".bin", "vitrine");
  const readable = spawnSync("test", ["-r", libtorch.folder], user).status === 0;
  if (readable) {
    await expect("set-up by a user who may not write", 0, /^set up/, program, ["setup"], user);
    const args = ["train", "digits", "--max-steps", "1", "--output", output];
    await expect("train by that user", 0, /1 step/, program, args, user);
  } else process.stderr.write(`${libtorch.folder} is root's alone: no other user tried\n`);
}

rmSync(folder, { recursive: true });
console.log(`package: ${passed} steps came out as expected`);
