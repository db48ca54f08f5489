/** @file The page itself: one document, its script and its style, from memory. */

import type { Hono } from "hono";
import { assets, importedScripts, studioScripts } from "../export/page/assets.ts";

/** @param ahead what is fetched at once, not when the script that asks for it has come */
const document = (ahead: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vitrine studio</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="app.css">
<script type="module" src="app.js"></script>
${ahead.join("\n")}
</head>
<body>
<div id="app" data-host="studio"><p>Loading. This page needs JavaScript.</p></div>
</body>
</html>
`;

const RUNS = '<link rel="preload" as="fetch" crossorigin="anonymous" href="api/runs">';

/**
 * @param isOpen the runs are listed without the token
 * @throws {UsageError} the page has not been built
 */
export function pageFiles(app: Hono, isOpen: boolean): void {
  const { worker, style } = assets();
  const javascript = "text/javascript; charset=utf-8";
  const pages = studioScripts();
  const scripts = [...pages, ["worker.js", worker] as const];
  const modules = [...importedScripts(pages, "app.js")].map(
    (name) => `<link rel="modulepreload" href="${name}">`,
  );
  const html = [document([...(isOpen ? [RUNS] : []), ...modules]), "text/html; charset=utf-8"] as const;
  const files = {
    ...{ "/": html, "/index.html": html },
    "/app.css": [style, "text/css; charset=utf-8"],
    ...Object.fromEntries(scripts.map(([name, text]) => [`/${name}`, [text, javascript] as const])),
  } as const;
  for (const [path, [text, type]] of Object.entries(files))
    app.get(path, (c) => c.body(text, 200, { "content-type": type }));
}
