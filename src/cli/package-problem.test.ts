import { expect, test } from "vitest";
import { packageProblem } from "./package-problem.ts";

const error = (code: string | undefined, message: string) => Object.assign(new Error(message), { code });
const remedy = 'is not installed, or not whole; delete node_modules, then run "npm run setup"';

test.each([
  ["ERR_MODULE_NOT_FOUND", "Cannot find package 'zod' imported from /x/dist/a.js", "zod"],
  [
    "MODULE_NOT_FOUND",
    "Cannot find module '@img/sharp-linux-x64/sharp.node'\nRequire stack:",
    "@img/sharp-linux-x64/sharp.node",
  ],
  ["ERR_MODULE_NOT_FOUND", "Cannot find module '/x y/node_modules/@a/b/index.js' imported from /x", "@a/b"],
  [undefined, 'Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions:', "sharp"],
])("%s, %s: a package", (code, message, name) => {
  expect(packageProblem(error(code, message))).toBe(`the package ${name} ${remedy}`);
});

test.each([
  ["ERR_MODULE_NOT_FOUND", "Cannot find module '/x/dist/cli/gone.js' imported from /x/dist/cli/start.js"],
  ["ENOENT", "no such file"],
  [undefined, "Cannot find package 'zod'"],
])("%s, %s: another error", (code, message) => {
  expect(packageProblem(error(code, message))).toBeUndefined();
});
