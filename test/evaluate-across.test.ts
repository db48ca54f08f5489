/** @file Evaluation by several processes, each with its own features, beside one process with all of them. */

import { beforeAll, describe, expect, test } from "vitest";
import { CASES, type Same } from "./evaluate-across-bodies.ts";
import { onRanks } from "./ranks.ts";

const bodies = new URL("./evaluate-across-bodies.ts", import.meta.url);

describe.each([2, 4])("%i processes", (size) => {
  let found: Record<string, Same | number>[];
  beforeAll(async () => {
    found = await onRanks(size, bodies, "evaluations");
  });

  test.each(Object.keys(CASES))("%s: what one process finds, and what docs/scale.md says is sent", (name) => {
    for (const one of found) {
      const { same, bytes, expected } = one[name] as Same;
      expect([same, bytes]).toEqual([true, expected]);
    }
  });

  test("no tensor is left", () => {
    expect(found.map(({ left }) => left)).toEqual(new Array(size).fill(0));
  });
});
