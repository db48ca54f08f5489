/** @file Files of onnxruntime-web, where the user has installed it: for networks that plain JavaScript is slow at. */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Hono } from "hono";
import { Refused } from "../refused.ts";

/** What one thread of WebAssembly needs, of all that the package has. */
const FILES: Readonly<Record<string, string>> = {
  "ort.wasm.min.mjs": "text/javascript; charset=utf-8",
  "ort-wasm-simd-threaded.mjs": "text/javascript; charset=utf-8",
  "ort-wasm-simd-threaded.wasm": "application/wasm",
};

/** @param from folder in which, or above which, node_modules has the package */
export function runtimeRoutes(app: Hono, from = process.cwd()): void {
  app.get("/onnxruntime/:file", (c) => {
    const file = c.req.param("file");
    const type = FILES[file];
    const folder = folderOf(from);
    const path = type === undefined || folder === undefined ? undefined : join(folder, file);
    if (path === undefined || !existsSync(path))
      throw new Refused(404, "onnxruntime-web is not installed here: npm install onnxruntime-web@1.30.0");
    return c.body(new Uint8Array(readFileSync(path)), 200, { "content-type": type! });
  });
}

/** `dist` of the package: that of the user first, else the one beside vitrine. */
function folderOf(from: string): string | undefined {
  for (const base of [join(from, "package.json"), import.meta.url])
    try {
      return dirname(createRequire(base).resolve("onnxruntime-web"));
    } catch {
      // looked for elsewhere, or not there
    }
  return undefined;
}
