import { expect, test } from "vitest";
import { parseSettings } from "./yaml.ts";

const refused = (text: string) => expect(() => parseSettings(text, "r.yaml"));

test("values, and the line of each", () => {
  const { values, locate } = parseSettings("a: 1\nb:\n  c: [2, x]\n  d: &e yes\nf: *e\n", "r.yaml");
  expect(values).toEqual({ a: 1, b: { c: [2, "x"], d: "yes" }, f: "yes" });
  expect([locate("b.c"), locate("b.none"), locate("b")]).toEqual(["r.yaml:3", undefined, "r.yaml:3"]);
});

test.each([
  ["name: x\nmodel: &m\n  name: crate\n  more: *m\n", "r.yaml:4: *m contains itself"],
  ["m: &m [*m]", "r.yaml:1: *m contains itself"],
  ["a: &a { b: [{ c: *a }] }", "r.yaml:1: *a contains itself"],
  ["{ ? &k [1] : *k }", "expected a setting's name before the colon"],
  ["? ".repeat(3000), "r.yaml:1: "],
  ["? ".repeat(10), "expected a setting's name before the colon"],
  ["- ".repeat(17), "nested more than 16 deep"],
  ["{a: ".repeat(200) + "}".repeat(200), "nested more than 16 deep"],
  ["[".repeat(30_000), "r.yaml:1: "],
  ["a: *b", "r.yaml: unresolved alias"],
  ["a: !!js/function x", "r.yaml:1: unresolved tag"],
  ["a: 1\na: 2", "r.yaml:2: map keys must be unique"],
  [bomb(), "r.yaml: excessive alias count"],
])("%j is refused in one line", (text, message) => {
  refused(text).toThrow(message);
});

/** Nine lists of nine of the one before: 9⁹ numbers. */
function bomb(): string {
  const lists = [..."bcdefghij"].map(
    (name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[i]}`)}]`,
  );
  return ["a: &a [1]", ...lists].join("\n");
}
