/** @file `npm run build`: src/ compiled into dist/, and web/ into dist/web/. */

import { chmodSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./place.mjs";
import { stop } from "./run.mjs";
import { buildWeb } from "./web.mjs";

/**
 * `import("./x.ts")` becomes `import("./x.js")` before anything else is done. tsc's own rewriting comes last and looks
 * calls up by their place in the source, so it misses those inside a function with `using`, which has been made anew.
 */
const endings = (context) => {
  const visit = (node) => {
    const [path] = (ts.isCallExpression(node) && node.arguments) || [];
    const late = path !== undefined && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    if (!late || !ts.isStringLiteral(path) || !/^\..*\.ts$/.test(path.text))
      return ts.visitEachChild(node, visit, context);
    const renamed = context.factory.createStringLiteral(path.text.replace(/\.ts$/, ".js"));
    ts.setTextRange(renamed, path);
    return context.factory.updateCallExpression(node, node.expression, node.typeArguments, [renamed]);
  };
  return (file) => ts.visitNode(file, visit);
};

const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: ({ messageText }) => stop(messageText) };
const config = ts.getParsedCommandLineOfConfigFile(join(root, "tsconfig.build.json"), {}, host);
const { outDir } = config.options;
const program = ts.createProgram(config.fileNames, config.options);
const faults = ts.getPreEmitDiagnostics(program);
if (faults.length > 0) {
  const format = { getCanonicalFileName: String, getCurrentDirectory: () => root, getNewLine: () => "\n" };
  stop(`the TypeScript did not compile:\n${ts.formatDiagnostics(faults, format)}`);
}
const written = new Set();
const write = (path, ...rest) => {
  ts.sys.writeFile(path, ...rest);
  written.add(path);
};
program.emit(undefined, write, undefined, false, { before: [endings] });
for (const path of await buildWeb(outDir)) written.add(path);

// what an earlier src/ left behind would be packed, and could be imported
for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !written.has(path)) rmSync(path);
}
chmodSync(join(outDir, "cli", "main.js"), 0o755);
