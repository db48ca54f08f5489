import { expect, test } from "vitest";
import { fromHex, toHex } from "./mask-text.ts";

test("a mask of any length comes back from its text", () => {
  for (const length of [1, 3, 4, 49, 64, 196]) {
    const mask = Array.from({ length }, (_, i) => ((i * 7919) % 5 < 2 ? 1 : 0));
    expect(fromHex(toHex(mask))).toEqual(mask);
    expect(toHex(mask)).toMatch(/^[0-9a-f]+$/);
  }
});
