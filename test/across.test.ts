/** @file Rates across processes: value, gradient and bytes on the wire, against one process. */

import { beforeAll, describe, expect, test } from "vitest";
import { CASES, type Compared } from "./across-bodies.ts";
import { onRanks } from "./ranks.ts";

const bodies = new URL("./across-bodies.ts", import.meta.url);

describe.each([2, 4])("%i processes", (size) => {
  let found: Record<string, Compared | number>[];
  beforeAll(async () => {
    found = await onRanks(size, bodies, "rates");
  });

  test.each(Object.keys(CASES))(
    "%s is that of all rows, to 1e-12, and sends what docs/scale.md says",
    (name) => {
      for (const one of found) {
        const { value, gradient, bytes, expected } = one[name] as Compared;
        expect(value).toBeLessThan(1e-12);
        expect(gradient).toBeLessThan(1e-12);
        expect(bytes).toBe(expected);
      }
    },
  );

  test("batch norm is that of the samples of all ranks, with running statistics and gradients", async () => {
    const found = await onRanks<{ found: Compared[]; left: number }>(size, bodies, "norms");
    for (const { found: both, left } of found) {
      expect(left).toBe(0);
      for (const { value, gradient, bytes, expected } of both) {
        expect(value).toBeLessThan(1e-12);
        expect(gradient).toBeLessThan(1e-12);
        expect(bytes).toBe(expected);
      }
    }
  });

  test("no tensor is left", () => {
    expect(found.map(({ left }) => left)).toEqual(new Array(size).fill(0));
  });
});
