import { expect, test } from "vitest";
import { columns, matches } from "./terminal.ts";

test("columns align text left and numbers right", () => {
  expect(
    columns(
      ["name", "n"],
      [
        ["a", 5],
        ["long name", 12],
      ],
    ),
  ).toBe("name        n\na           5\nlong name  12");
  expect(columns(["name"], [])).toBe("name");
  expect(columns(["name"], [["a\u001b[2J\nb"]])).toBe("name\na�[2J b");
});

test("patterns know * and ?, and take everything else as it is", () => {
  expect(matches("crate*", "crate_tiny")).toBe(true);
  expect(matches("crate?tiny", "crate_tiny")).toBe(true);
  expect(matches("crate", "crate_tiny")).toBe(false);
  expect(matches("train.l*", "trainXlr")).toBe(false);
  expect(matches("(a|b)+", "ab")).toBe(false);
});
