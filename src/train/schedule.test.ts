/** @file The schedules at the values the paper's code takes, and at their ends. */

import { expect, test } from "vitest";
import { type ScheduleOptions, schedule, warmedCosine } from "./schedule.ts";

const at = (options: ScheduleOptions, times: readonly number[]) => times.map(schedule(options));
const close = (found: number[], expected: number[], digits = 12) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, digits);
  });
};

test("the authors' rate over 200 epochs with 20 of warm-up", () => {
  const found = at({ kind: "cosine", total: 200, warmup: 20 }, [0, 9, 18, 19, 100, 199]);
  close(found, [0.05, 0.5, 0.95, (1 + Math.cos(0.095 * Math.PI)) / 2, 0.5, 6.168375916970614e-5]);
  expect(found[3]).toBeCloseTo(0.9779, 4);
});

test("cosine without warm-up starts at 1, is half-way at the middle and ends at 0", () => {
  close(at({ kind: "cosine", total: 8, warmup: 0 }, [0, 2, 4, 8]), [1, (1 + Math.SQRT1_2) / 2, 0.5, 0]);
});

test("linear falls to 0 and never below", () => {
  close(
    at({ kind: "linear", total: 10, warmup: 2 }, [0, 1, 2, 5, 9, 10, 11]),
    [0.5, 0.9, 0.8, 0.5, 0.1, 0, 0],
  );
});

test("step drops to a tenth at each third", () => {
  const times = [0, 9, 10, 19, 20, 29];
  close(at({ kind: "step", total: 30, warmup: 0 }, times), [1, 1, 0.1, 0.1, 0.01, 0.01]);
  // thirds of a length that three does not divide
  close(at({ kind: "step", total: 100, warmup: 0 }, [33, 34, 66, 67]), [1, 0.1, 0.1, 0.01]);
});

test("constant only warms up, over a part of a unit too", () => {
  close(at({ kind: "constant", total: 10, warmup: 4 }, [0, 1, 3, 4, 9]), [0.25, 0.5, 1, 1, 1]);
  close(at({ kind: "constant", total: 10, warmup: 2.5 }, [0, 1, 2]), [0.4, 0.8, 1]);
});

test("a length of 0 is refused", () => {
  expect(() => schedule({ kind: "cosine", total: 0, warmup: 0 })).toThrow("expected a length above 0, got 0");
});

test("the masked autoencoders' rate rises from 0 and falls over what is left", () => {
  close([0, 20, 40, 420, 800].map(warmedCosine({ total: 800, warmup: 40 })), [0, 0.5, 1, 0.5, 0]);
  close([0, 1].map(warmedCosine({ total: 2, warmup: 0 })), [1, 0.5]);
  expect(() => warmedCosine({ total: 0, warmup: 0 })).toThrow("expected a length above 0, got 0");
});
