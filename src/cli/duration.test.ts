import { expect, test } from "vitest";
import { duration } from "./duration.ts";

const read = duration("--max-time");

test("a length of time is a number with its unit", () => {
  expect(["90s", "45m", "1.5h", "2d", "0.5s"].map(read)).toEqual([90, 2700, 5400, 172_800, 0.5]);
});

test.each(["", "90", "0s", "-1h", "1e3s", "1 h", "h", "1h30m", `${"9".repeat(400)}s`])("not %s", (text) => {
  expect(() => read(text)).toThrow(/^--max-time: expected a number with s, m, h or d/);
});
