/** @file The page of web/ as dist/web/app.js, worker.js and app.css, which exports and the studio take along. */

import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./place.mjs";

/** @returns paths of the files written */
export async function buildWeb(outDir) {
  const folder = join(outDir, "web");
  await build({
    entryPoints: [
      { in: join(root, "web", "main.tsx"), out: "app" },
      { in: join(root, "web", "engine", "worker.ts"), out: "worker" },
      { in: join(root, "web", "style.css"), out: "app" },
    ],
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: {
      js:
        "/* Contains preact and @preact/signals, (c) Jason Miller and the Preact team, MIT licence, and uPlot, " +
        "(c) Leon Sorokin, MIT licence. */",
    },
    tsconfigRaw: {},
    logLevel: "warning",
  });
  return ["app.js", "worker.js", "app.css"].map((name) => join(folder, name));
}
