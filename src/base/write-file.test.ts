import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskError } from "./errors.ts";
import { makeFolder } from "./write-file.ts";

test("makes a folder and those above it, and is content with one that is there", () => {
  const root = mkdtempSync(join(tmpdir(), "vitrine-folder-"));
  try {
    makeFolder(join(root, "a", "b", "c"));
    makeFolder(join(root, "a", "b"));
    expect(existsSync(join(root, "a", "b", "c"))).toBe(true);
    writeFileSync(join(root, "file"), "");
    expect(() => makeFolder(join(root, "file", "below"))).toThrow(DiskError);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.skipIf(!existsSync("/proc/self"))("gives up where a parent takes no entries", () => {
  expect(() => makeFolder("/proc/vitrine/runs")).toThrow(/cannot write \/proc\/vitrine.*ENOENT/);
});
