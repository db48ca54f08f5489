/** @file Running commands and remembering what was done, for the set-up scripts. */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const stamps = join(root, "build", "stamps.json");
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Ends with one line that says what to do. */
export function stop(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** Runs a command; its output is shown only when it fails. */
export function quiet(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, ...options });
  return {
    ok: result.status === 0,
    output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`,
  };
}

/** Runs a command on this terminal, to which signals are passed on; its exit code. */
export function show(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
  const pass = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  return new Promise((resolve) => {
    const end = (code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      resolve(code);
    };
    child.on("error", (error) => stop(`${command} does not start: ${error.message}`));
    child.on("exit", (code, signal) => end(code ?? 128 + constants.signals[signal]));
  });
}

/** SHA-256 over the names and contents of files and folders. */
export function fingerprint(paths, extra = "") {
  const hash = createHash("sha256").update(extra);
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(path.slice(root.length)).update(readFileSync(path));
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest("hex");
}

/** Does a step of set-up once: again only when what it depends on has changed, or its result is gone. */
export function once(name, print, results, step) {
  const done = existsSync(stamps) ? JSON.parse(readFileSync(stamps, "utf8")) : {};
  if (done[name] === print && results.every((path) => existsSync(join(root, path)))) return;
  const start = Date.now();
  process.stderr.write(`${name} … `);
  step();
  process.stderr.write(`${((Date.now() - start) / 1000).toFixed(0)} s\n`);
  mkdirSync(dirname(stamps), { recursive: true });
  const now = existsSync(stamps) ? JSON.parse(readFileSync(stamps, "utf8")) : {};
  writeFileSync(stamps, `${JSON.stringify({ ...now, [name]: print }, null, 2)}\n`);
}
