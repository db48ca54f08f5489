/** @file What --output may name: only files are replaced, and what is written in a run folder stays in it. */

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskError } from "./errors.ts";
import { makeInnerFolder, writeFileAtomic } from "./write-file.ts";
import { writeOutput } from "./write-output.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), "utf8");

describe("an output", () => {
  it("replaces a file and keeps its permissions", () => {
    writeOutput(at("new"), "first");
    chmodSync(at("new"), 0o600);
    writeOutput(at("new"), "second");
    expect([read("new"), statSync(at("new")).mode & 0o777]).toEqual(["second", 0o600]);
  });

  it("goes where a link leads, also where nothing is yet", () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/file"), "old");
    symlinkSync("elsewhere/file", at("one"));
    symlinkSync(at("one"), at("two"));
    symlinkSync("elsewhere/later", at("open"));
    writeOutput(at("two"), "new");
    writeOutput(at("open"), "made");
    expect([read("elsewhere/file"), read("elsewhere/later")]).toEqual(["new", "made"]);
    expect(["one", "two", "open"].map((name) => lstatSync(at(name)).isSymbolicLink())).toEqual([
      true,
      true,
      true,
    ]);
    expect(readdirSync(folder).sort()).toEqual(["elsewhere", "one", "open", "two"]);
    symlinkSync("circle", at("circle"));
    expect(() => writeOutput(at("circle"), "")).toThrow(/links lead in a circle.*ELOOP/);
  });

  it("is taken by devices, which stay what they are", () => {
    writeOutput("/dev/null", "gone");
    symlinkSync("/dev/null", at("link"));
    writeOutput(at("link"), "gone");
    if (existsSync("/dev/full"))
      expect(() => writeOutput("/dev/full", "much")).toThrow(/no space left.*ENOSPC/);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("is read from a pipe, where somebody reads it", async () => {
    if (spawnSync("mkfifo", [at("pipe")]).status !== 0) return;
    expect(() => writeOutput(at("pipe"), "x")).toThrow(/nobody reads it; start the reader first \(ENXIO\)/);
    const reader = spawn("bash", [
      "-c",
      'exec 3<>"$1"; echo open; head -c 200000 <&3 | wc -c',
      "bash",
      at("pipe"),
    ]);
    await new Promise((resolve) => reader.stdout.once("data", resolve));
    writeOutput(at("pipe"), [new Uint8Array(200_000).fill(97)]);
    expect(Number(await text(reader.stdout))).toBe(200_000); // counted there: we cannot read while we write
  });

  it("is refused by folders and sockets", async () => {
    mkdirSync(at("folder"));
    expect(() => writeOutput(at("folder"), "")).toThrow(/it is a folder; choose another name/);
    const server = createServer().listen(at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(() => writeOutput(at("socket"), "")).toThrow(/it is a socket; choose another name/);
    expect(lstatSync(at("socket")).isSocket()).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(() => writeOutput(at("none/file"), "")).toThrow(/the folder does not exist/);
  });
});

it("files and folders of ours are none where a link is in their place", () => {
  mkdirSync(at("elsewhere"));
  writeFileSync(at("elsewhere/file"), "theirs");
  symlinkSync("elsewhere/file", at("report.json"));
  symlinkSync("elsewhere", at("figures"));
  expect(() => writeFileAtomic(at("report.json"), "")).toThrow(
    /expected a file, it is a symbolic link; remove it/,
  );
  expect(() => makeInnerFolder(at("figures"))).toThrow(DiskError);
  expect([read("elsewhere/file"), readdirSync(at("elsewhere"))]).toEqual(["theirs", ["file"]]);
});
