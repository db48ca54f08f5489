/** @file Running commands and remembering what was done, for the set-up scripts. */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { place, root, write } from "./place.mjs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Whether a step's name stands on a line that has not ended. */
let open = false;

/** Ends with one line that says what to do. */
export function stop(message, code = 1) {
  console.error(`${open ? "\n" : ""}error: ${message}`);
  process.exit(code);
}

/** Runs a command on this terminal, to which signals are passed on; its exit code. */
export async function show(command, args, options = {}) {
  const start = () => spawn(command, args, { cwd: root, stdio: "inherit", ...options });
  const { code, error } = await ended(start, (signal, child) => child.kill(signal));
  if (error !== undefined) stop(`${command} does not start: ${error.message}`);
  return code;
}

/** Runs a command whose output matters only when it fails. A signal ends it, with all that it has started, and us. */
export async function quiet(command, args, options = {}) {
  const stdio = ["ignore", "pipe", "pipe"];
  let output = "";
  const start = () => {
    const child = spawn(command, args, { cwd: root, stdio, detached: true, ...options });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    return child;
  };
  const { code, error } = await ended(start, (signal, child) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal); // the whole group: make, compilers, pip
    stop(`stopped by ${signal}; run it again to go on`, 128 + constants.signals[signal]);
  });
  return { ok: code === 0, code, output: output + (error?.message ?? "") };
}

/** Starts a command and waits for it: { code, error }. Signals are heard before it runs: one in between would end us alone. */
function ended(start, onSignal) {
  let child;
  const heard = (signal) => onSignal(signal, child);
  for (const signal of SIGNALS) process.on(signal, heard);
  return new Promise((resolve) => {
    child = start();
    const end = (result) => {
      for (const signal of SIGNALS) process.off(signal, heard);
      resolve(result);
    };
    child.on("error", (error) => end({ code: 1, error }));
    child.on("close", (code, signal) => end({ code: code ?? 128 + constants.signals[signal] }));
  });
}

/** SHA-256 over the names and contents of the project's files and folders. */
export function fingerprint(paths, extra = "") {
  const hash = createHash("sha256").update(extra);
  const visit = (path) => {
    const file = join(root, path);
    if (!existsSync(file)) return;
    if (statSync(file).isDirectory()) for (const name of readdirSync(file).sort()) visit(join(path, name));
    else hash.update(path).update(readFileSync(file));
  };
  for (const path of paths) visit(path);
  return hash.digest("hex");
}

/** Does a step and says how long it took. */
export async function timed(name, step) {
  const start = Date.now();
  process.stderr.write(`${name} … `);
  open = true;
  await step();
  open = false;
  process.stderr.write(`${((Date.now() - start) / 1000).toFixed(0)} s\n`);
}

/** Does a step only where what it depends on, or what it makes, is not as it was when it was last done. */
export async function once(name, inputs, results, step) {
  const file = join(place, "stamps.json");
  const state = () => `${inputs} ${results()}`;
  if (readRecord(file)?.[name] === state()) return;
  await timed(name, step);
  write(file, { ...readRecord(file), [name]: state() });
}

/** An object from a JSON file; undefined where there is none, or it is damaged. */
export function readRecord(file) {
  try {
    const value = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What there is of a folder of packages: a change, a missing one or an unfinished installation changes it. */
export function packages() {
  const list = join(root, "node_modules", ".package-lock.json"); // npm writes it when it is done
  const all = Object.keys(readRecord(list)?.packages ?? {});
  const missing = all.filter((path) => !existsSync(join(root, path, "package.json")));
  return all.length === 0
    ? "none"
    : `${fingerprint([join("node_modules", ".package-lock.json")])} ${missing}`;
}
