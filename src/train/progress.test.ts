/** @file Progress on a small emulated terminal, in a log, for programs, and silent. */

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { displayWidth } from "../base/terminal.ts";
import { createProgress, duration, type ProgressFacts, type ProgressMode } from "./progress.ts";

fc.configureGlobal({ seed: 1 });

/** A stream that keeps what is written, and shows it as a terminal would after carriage returns and clearing. */
class Screen {
  written = "";
  isTTY: boolean;
  columns: number;
  listener: (() => void) | undefined;

  constructor(isTTY: boolean, columns = 80) {
    this.isTTY = isTTY;
    this.columns = columns;
  }
  write(text: string) {
    this.written += text;
  }
  on(_: "resize", listener: () => void) {
    this.listener = listener;
  }
  off() {
    this.listener = undefined;
  }
  get lines(): string[] {
    return this.written
      .split("\n")
      .map((line) => line.slice(line.lastIndexOf("\r\u001b[K") + 1).replace("\u001b[K", ""));
  }
}

/** A report on a clock that is moved by hand, in seconds. */
function start(mode: ProgressMode, screen: Screen, options: { total?: number; every?: number } = {}) {
  let now = 0;
  const progress = createProgress({
    mode,
    total: 100,
    label: "train",
    stream: screen,
    clock: () => now * 1000,
    ...options,
  });
  return {
    ...progress,
    at(seconds: number, step: number, facts?: ProgressFacts) {
      now = seconds;
      progress.update(step, facts);
    },
  };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

const facts = { loss: 1.23456, accuracy: 45.67, imagesPerSecond: 850.4, lr: 5e-4 };

describe("bar", () => {
  it("shows share, steps, time to go and facts, and ends with a new line", () => {
    vi.stubEnv("TERM", "xterm");
    const screen = new Screen(true, 120);
    const train = start("auto", screen);
    train.at(10, 1, facts);
    train.at(60, 51, facts);
    expect(screen.lines).toEqual([
      "train  51% ███████████████▎░░░░░░░░░░░░░░  51/100  ETA 0:49  loss 1.235  accuracy 45.7%  850 images/s  lr 5.00e-4",
    ]);
    train.at(109, 100, facts);
    train.done();
    train.done();
    expect(screen.lines.at(-2)).toMatch(/^train 100% █{30} 100\/100 {2}ETA 0:00/);
    expect(screen.lines.at(-1)).toBe("");
    expect(screen.listener).toBeUndefined();
  });

  it("is never as wide as the screen, whatever its width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.nat(100),
        fc.string({ unit: "grapheme" }),
        (columns, step, name) => {
          const screen = new Screen(true, columns);
          const train = start("bar", screen);
          train.at(1, step, { ...facts, [name]: 3 });
          for (const line of screen.lines)
            expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
        },
      ),
    );
  });

  it("follows the screen when it is resized", () => {
    const screen = new Screen(true, 120);
    start("bar", screen).at(1, 50, facts);
    const wide = screen.lines[0]!;
    screen.columns = 40;
    screen.listener!();
    expect(wide.length).toBeGreaterThan(60);
    expect(screen.lines[0]).toMatch(/^train {2}50% █+░+ {2}50\/100$/);
    expect(screen.lines[0]!.length).toBeLessThan(40);
  });

  it("is drawn ten times a second at most, and always at the end", () => {
    const screen = new Screen(true);
    const train = start("bar", screen, { total: 1000 });
    for (let step = 1; step <= 1000; step++) train.at(step / 1000, step);
    expect(screen.written.split("\r").length - 1).toBeLessThanOrEqual(12);
    expect(screen.lines[0]).toContain("1000/1000");
  });

  it("makes room for a message and stays below it", () => {
    const screen = new Screen(true);
    const train = start("bar", screen);
    train.at(1, 10);
    train.message("saved step 10");
    expect(screen.lines[0]).toBe("saved step 10");
    expect(screen.lines[1]).toMatch(/^train {2}10%/);
  });
});

describe("plain lines", () => {
  it("are what a terminal gets that cannot move its cursor", () => {
    vi.stubEnv("TERM", "dumb");
    const screen = new Screen(true);
    start("auto", screen).at(1, 100);
    expect(screen.written).toBe("train 100/100 (100%)\n");
  });

  it("come every so many steps and at the last", () => {
    const screen = new Screen(false);
    const train = start("auto", screen, { total: 25, every: 10 });
    for (let step = 1; step <= 25; step++) train.at(step, step, { loss: Number.NaN });
    train.message("done");
    train.done();
    expect(screen.lines).toEqual([
      "train 1/25 (4%)  loss NaN",
      "train 10/25 (40%)  loss NaN  eta 0:15",
      "train 20/25 (80%)  loss NaN  eta 0:05",
      "train 25/25 (100%)  loss NaN  eta 0:00",
      "done",
      "",
    ]);
  });

  it("do not miss a step that is jumped over", () => {
    const screen = new Screen(false);
    const train = start("plain", screen, { total: 100, every: 10 });
    for (const step of [7, 14, 21, 28, 35]) train.at(step, step);
    expect(screen.lines.map((line) => line.split(" ")[1])).toEqual([
      "7/100",
      "14/100",
      "21/100",
      "35/100",
      undefined,
    ]);
  });
});

it("JSON lines are records, also of numbers that are not finite", () => {
  const screen = new Screen(true);
  const train = start("json", screen, { every: 50 });
  train.at(1, 1, { loss: Number.POSITIVE_INFINITY });
  train.at(2, 51, { loss: 2 });
  train.message('saved "best"');
  expect(screen.lines.slice(0, -1).map((line) => JSON.parse(line))).toEqual([
    { label: "train", step: 1, total: 100, seconds: 1, loss: "Infinity" },
    { label: "train", step: 51, total: 100, seconds: 2, eta: 0.98, loss: 2 },
    { label: "train", message: 'saved "best"' },
  ]);
});

it("none writes nothing", () => {
  const screen = new Screen(true);
  const train = start("none", screen);
  train.at(1, 100, facts);
  train.message("hello");
  train.done();
  expect(screen.written).toBe("");
});

it("a resumed run has the pace of its own steps", () => {
  const screen = new Screen(false);
  const train = start("plain", screen, { total: 1000, every: 1 });
  train.at(5, 900);
  train.at(15, 910);
  expect(screen.lines[1]).toBe("train 910/1000 (91%)  eta 1:30");
});

it("takes no total that is not a number", () => {
  expect(() => createProgress({ total: Number.NaN, label: "x" })).toThrow(/at least 0 steps, not NaN/);
  const screen = new Screen(true);
  start("bar", screen, { total: 0 }).done();
  expect(screen.lines[0]).toContain("100%");
});

it.each([
  [7, "0:07"],
  [750, "12:30"],
  [11_100, "3:05:00"],
  [187_200, "2d 04:00"],
  [Number.POSITIVE_INFINITY, "?"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
