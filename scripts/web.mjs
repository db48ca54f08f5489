/**
 * @file The page of web/ in dist/web: `app.js`, the exported page of one run, whole in one script; `studio/`, the pages
 * of several runs, whose code is fetched page by page; `worker.js` and `app.css`, which both take along.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./place.mjs";

const MIT = "MIT licence";
const PREACT = `preact and @preact/signals, (c) Jason Miller and the Preact team, ${MIT}`;
const UPLOT = `uPlot, (c) Leon Sorokin, ${MIT}`;

const common = {
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  tsconfigRaw: {},
  logLevel: "warning",
};
const at = (...path) => join(root, "web", ...path);

/** @returns paths of the files written */
export async function buildWeb(outDir) {
  const folder = join(outDir, "web");
  const studio = join(folder, "studio");
  await build({
    ...common,
    entryPoints: [
      { in: at("main.tsx"), out: "app" },
      { in: at("engine", "worker.ts"), out: "worker" },
      { in: at("style.css"), out: "app" },
    ],
    outdir: folder,
    define: { STUDIO: "false" },
    banner: { js: `/* Contains ${PREACT}. */` },
  });
  await build({
    ...common,
    entryPoints: [{ in: at("main.tsx"), out: "app" }],
    outdir: studio,
    splitting: true,
    chunkNames: "[name]-[hash]",
    define: { STUDIO: "true" },
    banner: { js: `/* Contains ${PREACT}, and ${UPLOT}. */` },
  });
  const files = ["app.js", "worker.js", "app.css"].map((name) => join(folder, name));
  return [...files, ...readdirSync(studio).map((name) => join(studio, name))];
}
