/** @file The page's script, style sheet and HTML. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../tensor/index.ts";
import { root } from "../../tensor/libtorch.ts";

export interface Assets {
  script: string;
  /** Of the page's worker. */
  worker: string;
  style: string;
}

/** What `npm run build` made of web/. @throws {UsageError} it was not run */
export function assets(): Assets {
  const read = (name: string): string => {
    const path = join(root, "dist", "web", name);
    if (!existsSync(path))
      throw new UsageError(`${path} is not there; "npm run build" makes the page that is exported`, { path });
    return readFileSync(path, "utf8");
  };
  return { script: read("app.js"), worker: read("worker.js"), style: read("app.css") };
}

/** Scripts of the page of several runs by their names; `app.js` fetches the others. @throws {UsageError} not built */
export function studioScripts(): ReadonlyMap<string, string> {
  const folder = join(root, "dist", "web", "studio");
  if (!existsSync(join(folder, "app.js")))
    throw new UsageError(`${folder} is not there; "npm run build" makes the studio's page`, { path: folder });
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Names of the scripts that one imports before it runs, and those of these; not what it fetches later. */
export function importedScripts(
  scripts: ReadonlyMap<string, string>,
  name: string,
  found = new Set<string>(),
): Set<string> {
  for (const [, other] of (scripts.get(name) ?? "").matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)) {
    if (found.has(other!)) continue;
    found.add(other!);
    importedScripts(scripts, other!, found);
  }
  return found;
}

/** What may load what: nothing from elsewhere, no text as code; products are by WebAssembly. */
const policy = (sources: Readonly<Record<string, string>>): string =>
  Object.entries({
    ...{ "default-src": "'none'", ...sources },
    ...{ "base-uri": "'none'", "form-action": "'none'", "require-trusted-types-for": "'script'" },
  })
    .map((directive) => directive.join(" "))
    .join("; ");

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const document = (csp: string, name: string, head: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<link rel="icon" href="data:,">
${head}
</head>
<body>
<div id="app"><p>Loading. This page needs JavaScript, and a web server unless it is one file.</p></div>
${body}
</body>
</html>
`;

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Files beside one another. @param host told to the page: who serves it */
export function folderPage(name: string, host?: "files"): string {
  const csp = policy({
    ...{
      "script-src": "'self' 'wasm-unsafe-eval'",
      "style-src": "'self'",
      "img-src": "'self' data: blob:",
      "connect-src": "'self'",
      "worker-src": "'self'",
    },
  });
  const head = `<link rel="stylesheet" href="app.css">\n<script type="module" src="app.js"></script>`;
  const page = document(csp, name, head, "");
  return host === undefined ? page : page.replace('<div id="app">', `<div id="app" data-host="${host}">`);
}

/** All in one file; `data` by the names that web/source.ts looks for. */
export function onePage(name: string, data: Readonly<Record<string, Uint8Array>>): string {
  const { script, style } = assets();
  // what ends a script inside of a string of it
  const code = script.trim().replace(/<\/(script)/gi, "<\\/$1");
  const csp = policy({
    ...{
      "script-src": `${hash(code)} 'wasm-unsafe-eval'`,
      "style-src": hash(style),
      "img-src": "data: blob:",
    },
  });
  const blocks = Object.entries(data).map(
    ([id, bytes]) => `<script type="text/plain" id="${id}">${Buffer.from(bytes).toString("base64")}</script>`,
  );
  const head = `<style>${style}</style>`;
  return document(csp, name, head, `${blocks.join("\n")}\n<script type="module">${code}</script>`);
}

/** A block of `onePage`. */
export function embedded(html: string, id: string): Uint8Array {
  const text = new RegExp(`<script type="text/plain" id="${id}">([^<]*)</script>`).exec(html)?.[1] ?? "";
  return new Uint8Array(Buffer.from(text, "base64"));
}
