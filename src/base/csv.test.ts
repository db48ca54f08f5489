/** @file CSV can be read back, whatever is in its cells. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { csv, stackTables } from "./csv.ts";

fc.configureGlobal({ seed: 1 });

/** A reader of RFC 4180, apart from the writer. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  const row: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    row.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push(row.splice(0));
  }
  return rows;
}

it("is read back as it was", () => {
  const plain = fc.oneof(fc.string(), fc.constantFrom('"', ",", "x\n", "a\r\nb", ""));
  const cell = plain.filter((text) => !/^[=+\-@\t\r\n]/.test(text));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      expect(read(csv({ columns: ["a", "b"], rows }))).toEqual([["a", "b"], ...rows]);
    }),
  );
});

it("keeps all digits, and tells missing from not finite", () => {
  expect(csv({ columns: ["x"], rows: [[0.1 + 0.2], [null], [Number.NaN]] })).toBe(
    "x\n0.30000000000000004\n\nNaN\n",
  );
});

it("stacks tables with different columns", () => {
  const table = stackTables([
    { name: "a", table: { columns: ["x", "y"], rows: [[1, 2]] } },
    { name: "b", table: { columns: ["y", "z"], rows: [[3, 4]] } },
  ]);
  expect(csv(table)).toBe("panel,x,y,z\na,1,2,\nb,,3,4\n");
});

it("gives a spreadsheet no formula: text is text, numbers are numbers", () => {
  const texts = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "\r=1", "＝1", "a=b", "1-2"];
  expect(read(csv({ columns: ["x"], rows: texts.map((text) => [text]) })).flat()).toEqual([
    ...["x", "'=1+1", "'+A1", "'-A1", "'@SUM(A1)", "'\tx", "'\r=1", "'＝1", "a=b", "1-2"],
  ]);
  expect(csv({ columns: ["x"], rows: [[-1.5], [Number.NEGATIVE_INFINITY]] })).toBe("x\n-1.5\n-Infinity\n");
});
