/** @file A run folder belongs to one live process. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DiskError, UsageError } from "../base/errors.ts";
import { lockRun } from "./run-lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const host = encodeURIComponent(hostname());
const startOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")[19];
const noProc = !existsSync("/proc/self/stat");

it("is taken once, and again after it is released", () => {
  const lock = lockRun(folder);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(() => lockRun(folder)).toThrow(UsageError);
  expect(() => lockRun(folder)).toThrow(/is in use by this process, \d+; wait for it to end/);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  {
    using _ = lockRun(folder);
  }
  lockRun(folder).release();
});

it.skipIf(noProc)("is refused while another process holds it, and not when that was killed", async () => {
  const child = spawn("sleep", ["60"]);
  const theirs = join(folder, `.lock-${host}-${child.pid}-${startOf(child.pid!)}`);
  writeFileSync(theirs, "");
  expect(() => lockRun(folder)).toThrow(`is in use by process ${child.pid}; wait`);
  expect(readdirSync(folder)).toHaveLength(1); // ours is gone again
  child.kill("SIGKILL");
  await once(child, "exit");
  using _ = lockRun(folder);
  expect(existsSync(theirs)).toBe(false);
});

it.skipIf(noProc)("is not kept by a number that another process has now", () => {
  writeFileSync(join(folder, `.lock-${host}-${process.ppid}-1`), "");
  using _ = lockRun(folder);
  expect(readdirSync(folder)).toHaveLength(1);
});

it.skipIf(noProc)("is not kept by a process that is dead but not yet waited for", async () => {
  // the shell becomes a program that never waits for the shell's child, and only then does the child end
  const script = "exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 60";
  const parent = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const [data] = await once(parent.stdout, "data");
  const pid = Number(data);
  writeFileSync(join(folder, `.lock-${host}-${pid}-${startOf(pid)}`), "");
  expect(() => lockRun(folder)).toThrow(`is in use by process ${pid}`);
  await until(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8") === "sleep\n");
  parent.stdin.end();
  await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
  lockRun(folder).release();
  parent.kill("SIGKILL");
});

it("without start times goes by the number alone", () => {
  writeFileSync(join(folder, `.lock-${host}-${process.ppid}-0`), "");
  expect(() => lockRun(folder)).toThrow(`is in use by process ${process.ppid}`);
  rmSync(join(folder, `.lock-${host}-${process.ppid}-0`));
  writeFileSync(join(folder, `.lock-${host}-4194305-0`), ""); // above the largest number there is
  lockRun(folder).release();
});

it("is refused when it is held on another machine, and names the file", () => {
  writeFileSync(join(folder, ".lock-other.example-12-345"), "");
  expect(() => lockRun(folder)).toThrow(
    `is in use by process 12 on other.example; if that has ended, remove ${join(folder, ".lock-other.example-12-345")}`,
  );
  expect(readdirSync(folder)).toEqual([".lock-other.example-12-345"]);
});

it("is a disk error where nothing can be written", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => lockRun(join(file, "run"))).toThrow(DiskError);
  expect(() => lockRun(join(folder, "gone"))).toThrow(/the folder does not exist/);
});

it.skipIf(process.getuid?.() === 0)(
  "is a disk error in a folder without permission (skipped as root)",
  () => {
    chmodSync(folder, 0o555);
    expect(() => lockRun(folder)).toThrow(/permission denied/);
    chmodSync(folder, 0o755);
  },
);
