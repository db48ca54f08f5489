import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noteError } from "./error-file.ts";

test("an error is written as torchrun reads it; nowhere without a path, and a path that cannot be is no failure", () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine error-"));
  const path = join(folder, "error.json");
  const ending = { exitCode: 3, text: "error: photo.jpg is cut off" };
  const error = new Error("photo.jpg is cut off");
  noteError(undefined, ending, error);
  noteError(join(folder, "no", "error.json"), ending, error);
  noteError(path, ending, error);
  const { message } = JSON.parse(readFileSync(path, "utf8"));
  expect(message).toMatchObject({ message: ending.text, errorCode: 3 });
  expect(message.extraInfo.py_callstack).toContain("error-file.test");
  expect(Math.abs(Number(message.extraInfo.timestamp) - Date.now() / 1000)).toBeLessThan(60);
  rmSync(folder, { recursive: true });
});
