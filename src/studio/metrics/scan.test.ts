/** @file Numbers that are scanned are those that JSON has; what is another line, or none, is read as JSON or counted. */

import { expect, test } from "vitest";
import { Columns } from "./columns.ts";
import { Scanner } from "./scan.ts";

const scanned = (text: string): Columns => {
  const columns = new Columns();
  const scanner = new Scanner(columns);
  // cut between lines anywhere
  const middle = text.indexOf("\n", text.length / 2) + 1;
  for (const part of [text.slice(0, middle), text.slice(middle)]) scanner.add(Buffer.from(part));
  return columns;
};

const pointsOf = (columns: Columns, name: string) => {
  const { steps, values, length } = columns.byName.get(name)!;
  return Array.from({ length }, (_, i) => [steps[i]!, values[i]!]);
};

test("any number that JavaScript writes", () => {
  const values = [
    0,
    -0.5,
    1,
    1e21,
    1.5e-7,
    -2.5e300,
    5e-324,
    1.7339503765106201,
    123456789012345680000,
    0.1 + 0.2,
    1e-10,
    3.4e38,
  ];
  for (let i = 0; i < 2000; i++) values.push(Math.tan(i * 7919) * 10 ** ((i % 61) - 30));
  const columns = scanned(
    values.map((value, i) => `${JSON.stringify({ step: i * 1000, a: value, "b/c": -value })}\n`).join(""),
  );
  expect([columns.rows, columns.damaged]).toEqual([values.length, 0]);
  for (const [name, sign] of [
    ["a", 1],
    ["b/c", -1],
  ] as const)
    pointsOf(columns, name).forEach(([step, found], i) => {
      const value = Math.fround(sign * values[i]!);
      expect(step).toBe(i * 1000);
      if (found !== value) expect(Math.abs(found! / value - 1)).toBeLessThan(1.2e-7); // the last place of a float
    });
});

test("other names, texts, NaN, summaries and damage between plain lines", () => {
  const lines = [
    ...[
      '{"step":1,"a":1,"b":2}',
      '{"step":2,"a":3,"b":4}',
      '{"step":2,"eval/x":9}',
      '{"step":3,"a":"NaN","b":5}',
    ],
    ...[
      '{"step":4,"a":6,"b":7}',
      '{ "step": 5, "a": 8 }',
      "no line",
      "",
      '{"step":"6","a":1}',
      '{"a":9,"step":6}',
    ],
    ...[
      '{"step":7,"a":10,"b":11}',
      '{"step":8,"a":01,"b":1}',
      '{"step":8,"a":1.,"b":1}',
      '{"step":8,"a":-,"b":1}',
    ],
    ...[
      '{"step":9,"summary":{"a":1}}',
      '{"step":10,"a":12,"b":13,"c":14}',
      '{"step":11,"a":15,"b":16}x',
      '{"step":12,"a":17,"b":18}',
    ],
  ];
  const columns = scanned(lines.map((line) => `${line}\n`).join(""));
  expect(pointsOf(columns, "a")).toEqual([[1, 1], [2, 3], [3, Number.NaN], [4, 6], [5, 8], [6, 9], [7, 10], [10, 12], [12, 17]]); // biome-ignore format: short
  expect(pointsOf(columns, "b")).toEqual([[1, 2], [2, 4], [3, 5], [4, 7], [7, 11], [10, 13], [12, 18]]); // biome-ignore format: short
  expect(pointsOf(columns, "c")).toEqual([[10, 14]]);
  expect([columns.rows, columns.damaged]).toEqual([11, 7]);
});
