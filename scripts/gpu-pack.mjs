/**
 * @file `npm run gpu:pack`: build/gpu.tar.xz, with which a checkout works where there is no Node and no npm: this Node, the
 * packages that running needs, and dist/. scripts/gpu.sh unpacks it.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./place.mjs";
import { stop } from "./run.mjs";

const archive = join(root, "build", "gpu.tar.xz");
const folder = join(root, "build", "gpu");

/** Folders of the packages that `name` needs at run time, its own first; what a platform has not is left out. */
function packagesOf(name, from, found = new Set()) {
  const at = ancestors(from)
    .map((place) => join(place, "node_modules", name))
    .find(existsSync);
  if (at === undefined || found.has(at)) return found;
  found.add(at);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) packagesOf(next, at, found);
  return found;
}

const ancestors = (path) => (path.length <= root.length ? [root] : [path, ...ancestors(dirname(path))]);

if (!existsSync(join(root, "dist", "cli", "main.js"))) stop("dist/ is not built; run npm run build");
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const packages = [...Object.keys(dependencies), "tsx"].reduce(
  (found, name) => packagesOf(name, root, found),
  new Set(),
);
mkdirSync(folder, { recursive: true });
rmSync(join(folder, "node"), { force: true });
copyFileSync(process.execPath, join(folder, "node"));
execFileSync("strip", ["--strip-unneeded", join(folder, "node")]);
const paths = ["build/gpu/node", "dist", ...[...packages].map((path) => relative(root, path))];
execFileSync("tar", ["-cf", archive, "-I", "xz -6 -T0", ...paths], { cwd: root, stdio: "inherit" });
console.log(`${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB, ${packages.size} packages`);
