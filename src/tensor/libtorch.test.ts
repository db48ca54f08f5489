import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { elfProblem } from "./elf.ts";
import { addonRecord, damage } from "./libtorch.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-libtorch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const inUse = addonRecord();
if (typeof inUse === "string") throw new Error(inUse);
const whole = readFileSync(inUse.addon);
const addon = join(folder, "vitrine.node");
const sha256 = createHash("sha256").update(whole).digest("hex");
const record = { ...inUse, addon, sha256 };

test("elfProblem: a library that is cut anywhere is seen, and so is one for another processor", () => {
  copyFileSync(inUse.addon, addon);
  expect(elfProblem(addon)).toBeUndefined();
  for (let size = whole.length - 1; size > 0; size = Math.floor(size / 2)) {
    truncateSync(addon, size);
    expect(elfProblem(addon), `${size} bytes`).toBe("is cut short");
  }
  const other = Buffer.from(whole);
  other[18] = 8; // MIPS
  writeFileSync(addon, other);
  expect(elfProblem(addon)).toBe(`is not for this processor (${process.arch})`);
  writeFileSync(addon, Buffer.alloc(1000));
  expect(elfProblem(addon)).toBe("is no library");
});

test("a changed byte of the addon is seen where its checksum is known", () => {
  const changed = Buffer.from(whole);
  changed[5000]! ^= 1;
  writeFileSync(addon, changed);
  expect(damage(record)).toBe(`the addon ${addon} is not as it was built; run "npx vitrine setup"`);
  writeFileSync(addon, whole);
  expect(damage(record)).toBeUndefined();
});

test("a libtorch with a cut library, or a link that leads nowhere, is named with what to do", () => {
  writeFileSync(addon, whole);
  const libtorch = join(folder, "fetched", "torch");
  const file = join(libtorch, "lib", "libtorch_cpu.so");
  mkdirSync(join(libtorch, "lib"), { recursive: true });
  writeFileSync(file, whole.subarray(0, -1));
  expect(damage({ ...record, libtorch, source: "fetched" })).toBe(
    `libtorch's ${file} is cut short; delete ${join(folder, "fetched")}, then run "npx vitrine setup"`,
  );
  rmSync(file);
  symlinkSync("/nowhere", file);
  expect(damage({ ...record, libtorch, source: "libtorch-dev" })).toBe(
    `libtorch's ${file} leads nowhere; install that libtorch again, then run "npx vitrine setup"`,
  );
});
