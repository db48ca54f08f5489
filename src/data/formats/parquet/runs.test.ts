import { expect, test } from "vitest";
import { readRuns } from "./runs.ts";

function numbers(bytes: readonly number[], width: number, count: number): number[] {
  const found: number[] = [];
  readRuns({ bytes: Uint8Array.from(bytes), at: 0, end: bytes.length, width }, count, (value, times) => {
    for (let i = 0; i < times; i++) found.push(value);
  });
  return found;
}

test("readRuns: the example of the format's description, 0 to 7 in three bits, and a run", () => {
  expect(numbers([3, 0b10001000, 0b11000110, 0b11111010], 3, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(numbers([10, 7, 3, 0b10001000, 0b11000110, 0b11111010], 3, 8)).toEqual([7, 7, 7, 7, 7, 0, 1, 2]);
});

test("readRuns: numbers of no bits and of 32", () => {
  expect(numbers([6], 0, 3)).toEqual([0, 0, 0]);
  const word = [0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0x80];
  expect(numbers([3, ...word, ...word, ...word, ...word], 32, 2)).toEqual([2 ** 32 - 1, 2 ** 31 + 1]);
});

test("readRuns: a run far longer than what is wanted gives what is wanted, too few numbers are refused", () => {
  expect(numbers([0xfe, 0xff, 0xff, 0xff, 0x0f, 1], 1, 4)).toEqual([1, 1, 1, 1]);
  for (const bytes of [[], [6], [3], [3, 1], [0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0]])
    expect(() => numbers(bytes, 9, 4)).toThrow("fewer values");
});
