/** @file Our side's process as users run the package: compiled, on the built dist/; what compiles on the fly takes 60 MiB. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/** Imports of the source are those of the built package. */
const fromDist = (checkout: string): Plugin => ({
  name: "from dist",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.\/src\// }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path)
        .replace(join(checkout, "src"), join(checkout, "dist"))
        .replace(/\.ts$/, ".js"),
      external: true,
    })),
});

const found = new Map<string, Promise<string>>();

/** bench/serve.ts of a checkout, with every bench that it may be told, compiled once. @throws {Error} no dist/ */
export function compiled(checkout: string): Promise<string> {
  const serve = found.get(checkout) ?? compile(checkout);
  found.set(checkout, serve);
  return serve;
}

async function compile(checkout: string): Promise<string> {
  if (!existsSync(join(checkout, "dist", "tensor"))) throw new Error(`${checkout}: no dist/; npm run build`);
  const outdir = join(checkout, "build", "bench");
  await build({
    entryPoints: [join(checkout, "bench", "serve.ts")],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    plugins: [fromDist(checkout)],
  });
  return join(outdir, "serve.mjs");
}
