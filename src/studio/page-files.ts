/** @file The page itself: one document, its script and its style, from memory. */

import type { Hono } from "hono";
import { assets, studioScripts } from "../export/page/assets.ts";

const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vitrine studio</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="app.css">
<script type="module" src="app.js"></script>
</head>
<body>
<div id="app" data-host="studio"><p>Loading. This page needs JavaScript.</p></div>
</body>
</html>
`;

/** @throws {UsageError} the page has not been built */
export function pageFiles(app: Hono): void {
  const { worker, style } = assets();
  const javascript = "text/javascript; charset=utf-8";
  const scripts = [...studioScripts(), ["worker.js", worker] as const];
  const files = {
    "/": [DOCUMENT, "text/html; charset=utf-8"],
    "/index.html": [DOCUMENT, "text/html; charset=utf-8"],
    "/app.css": [style, "text/css; charset=utf-8"],
    ...Object.fromEntries(scripts.map(([name, text]) => [`/${name}`, [text, javascript] as const])),
  } as const;
  for (const [path, [text, type]] of Object.entries(files))
    app.get(path, (c) => c.body(text, 200, { "content-type": type }));
}
