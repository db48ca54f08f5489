/** @file `npm run parity -- FILE…`: ours beside reference files; exits 1 where one differs by more than 1e-4. */

import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { VitrineError } from "../../src/tensor/index.ts";
import { largest } from "./golden.ts";
import { compareWith } from "./kinds.ts";

const LIMIT = 1e-4;
const shipped = fileURLToPath(new URL("../golden", import.meta.url));

const given = process.argv.slice(2);
const from = process.env.INIT_CWD ?? process.cwd();
const files =
  given.length > 0
    ? given.map((file) => resolve(from, file))
    : readdirSync(shipped)
        .filter((name) => name.endsWith(".safetensors"))
        .map((name) => join(shipped, name));

let failed = false;
for (const file of files) {
  try {
    const { kind, comparison } = compareWith(file);
    const [outputs, gradients] = [largest(comparison.outputs), largest(comparison.gradients)];
    const ok = Math.max(outputs.error, gradients.error) <= LIMIT;
    failed ||= !ok;
    const show = ({ name, error }: typeof outputs) =>
      name === "" ? "none" : `${error.toExponential(1)} (${name})`;
    const counts = `${comparison.outputs.size} outputs, ${comparison.gradients.size} gradients`;
    console.log(`${ok ? "ok  " : "FAIL"} ${basename(file)}  ${kind}, ${counts}`);
    console.log(`     largest relative error of outputs ${show(outputs)}, of gradients ${show(gradients)}`);
  } catch (error) {
    if (!(error instanceof VitrineError) && !(error instanceof Error && "code" in error)) throw error;
    failed = true;
    console.log(`FAIL ${basename(file)}  ${error.message}`);
  }
}
process.exitCode = failed ? 1 : 0;
