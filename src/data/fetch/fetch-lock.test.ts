import { spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { whileAlone } from "./fetch-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-fetch-lock-"));
const lock = join(folder, ".fetching");
afterAll(() => rmSync(folder, { recursive: true }));

test("two at once come one after the other, the second is told of the first, and nothing stays", async () => {
  const order: string[] = [];
  const events = new EventEmitter();
  const [begun, waits] = [once(events, "begun"), once(events, "waits")];
  const waiting = (holder: string) => {
    order.push(`waits for ${holder}`);
    events.emit("waits");
  };
  const body = (name: string) => async () => {
    order.push(`${name} begins`);
    events.emit("begun");
    await waits;
    order.push(`${name} ends`);
  };
  const first = whileAlone(folder, { pause: 5 }, body("a"));
  await begun;
  await Promise.all([first, whileAlone(folder, { pause: 5, waiting }, body("b"))]);
  expect(order).toEqual(["a begins", `waits for process ${process.pid}`, "a ends", "b begins", "b ends"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a body that fails leaves no lock", async () => {
  const failing = whileAlone(folder, {}, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(readdirSync(folder)).toEqual([]);
});

test("who has ended, or was silent for long on another machine, is not waited for", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(lock, `${pid} ${hostname()}`);
  const waiting = () => expect.unreachable("nobody is there");
  expect(await whileAlone(folder, { waiting }, async () => 7)).toBe(7);
  writeFileSync(lock, "1 elsewhere");
  utimesSync(lock, 1, 1);
  expect(await whileAlone(folder, { waiting }, async () => 8)).toBe(8);
});
