/** @file What a step sends: the gradients, and one small sum of all else that the processes tell each other. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { onRanks } from "./ranks.ts";
import { BESIDE } from "./step-bytes-bodies.ts";
import { fewWords } from "./tiny-methods.ts";

const words = fewWords();
const folder = mkdtempSync(join(tmpdir(), "vitrine bytes-"));
afterAll(() => {
  words[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

test("a step sends 4 M bytes of gradients and what docs/scale.md says beside them", async () => {
  Object.assign(process.env, { FOLDER: folder, WORDS: words.path });
  const bodies = new URL("./step-bytes-bodies.ts", import.meta.url);
  for (const found of await onRanks<Record<string, { bytes: number; parameters: number }>>(
    2,
    bodies,
    "steps",
  ))
    for (const [name, { bytes, parameters }] of Object.entries(found))
      expect([name, bytes - 4 * parameters]).toEqual([name, BESIDE[name]]);
});
