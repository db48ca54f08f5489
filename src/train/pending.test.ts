/** @file Steps whose numbers are read later: the same bits, no reads between, nothing moves after a step that is not finite. */

import { expect, test } from "vitest";
import { reads } from "../../test/reads.ts";
import { linear } from "../nn/index.ts";
import { random, scope } from "../tensor/index.ts";
import { Descent, type DescentOptions } from "./descent.ts";
import { hasFused } from "./fused.ts";
import type { Means } from "./means.ts";
import { type BadStep, Pending } from "./pending.ts";
import { logged } from "./step.ts";

/** A linear map on numbers of a seed; where `factor` is not finite the loss is not. */
class Fitting {
  readonly steps = 9;
  readonly parts = {};
  readonly net = scope(() => linear(6, 3, random(1)));
  private readonly descent: Descent;

  constructor(options: Partial<DescentOptions>) {
    this.descent = new Descent(this.net, { optimizer: { name: "adamw" }, lr: () => 0.1, ...options });
  }
  async *batches() {}
  size = () => 4;
  step = (factor: number, at: number) =>
    logged(
      this.descent.step(
        [4, 4].map((rows, part) => () => {
          const loss = this.net
            .apply(random(2).at(`${at}.${part}`).normal([rows, 6]))
            .square()
            .mean();
          return { loss: loss.mul(factor), squares: loss };
        }),
        at,
      ),
    );
  values = () => this.net.parameters().map((each) => each.numbers());
  dispose() {
    this.descent.dispose();
    this.net.dispose();
  }
}

const means = () => {
  const seen: Record<string, number>[] = [];
  return { seen, add: (numbers: Record<string, number>) => void seen.push(numbers) } as unknown as Means & {
    seen: typeof seen;
  };
};

const OPTIONS: [name: string, options: Partial<DescentOptions>, perStep: number][] = [
  [
    "AdamW, clipped, averaged",
    { clipGrad: 0.1, ema: 0.9, optimizer: { name: "adamw", weightDecay: 0.1 } },
    0,
  ],
  ["Adam, each clipped", { clipGrad: 0.1, clip: "each", optimizer: { name: "adam" } }, 0],
  ["SGD in bf16", { precision: "bf16", optimizer: { name: "sgd", momentum: 0.9 } }, 0],
  ["a decay that moves", { decay: (at) => 0.1 * at }, 0],
  ["Lion, which no operator fuses", { optimizer: { name: "lion" } }, 1],
];

test.each(OPTIONS)("%s: the same bits as read at once, without a read in between", (_, options, perStep) => {
  const [early, late] = [new Fitting(options), new Fitting(options)];
  const expected = Array.from({ length: 9 }, (_, at) => scope(() => early.step(1, at)));
  const found = means();
  const pending = new Pending(late, found);
  const count = reads(() => {
    for (let at = 0; at < 9; at++) pending.take(1, at);
  });
  if (hasFused()) expect(count).toBe(9 * perStep);
  expect(reads(() => pending.settle())).toBe(1);
  expect(found.seen).toEqual(expected);
  expect(pending.latest).toEqual(expected.at(-1));
  expect(late.values()).toEqual(early.values());
  for (const each of [early, late, pending]) each.dispose();
});

test.each(OPTIONS)("%s: nothing moves from a step that is not finite on", (_, options) => {
  const [one, found] = [new Fitting(options), means()];
  const pending = new Pending(one, found);
  for (const at of [0, 1]) pending.take(1, at);
  const before = one.values();
  for (const [i, factor] of [Number.NaN, 1, Number.POSITIVE_INFINITY, 1].entries())
    pending.take(factor, 2 + i);
  expect(one.values()).toEqual(before);
  expect(() => pending.settle()).toThrow(expect.objectContaining({ at: 2 }) as BadStep);
  expect(found.seen.map(({ "train/loss": loss }) => Number.isFinite(loss))).toEqual([true, true]);
  expect(() => scope(() => one.step(Number.NaN, 2))).toThrow("loss is NaN at step 3");
  for (const each of [one, pending]) each.dispose();
});
