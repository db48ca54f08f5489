/** @file Numbers that steps leave on the device, and read together now and then: each reading waits for all that is under way. */

import { full, keep, noGrad, scope, stack, type Tensor } from "../tensor/index.ts";
import type { StopCode } from "./stop.ts";

/** A number, or a tensor [] that is still to be read. */
export type Reading = number | Tensor;
export type Readings = Readonly<Record<string, Reading>>;

/** Remembers that a step was not finite. No descent moves from then on: the parameters stay those of that step. */
export class Watch {
  private found: Tensor | undefined;
  /** Whether a descent has moved since the step began. */
  midway = false;
  /** Whether this process is to stop: it travels with the numbers of a step that are added up over ranks. */
  stop: StopCode | undefined;
  /** What came back: whether any process is to stop. Nothing where the step has added up no numbers. */
  stops: { code: StopCode | undefined } | undefined;

  /** A descent moves. */
  move(): void {
    this.midway = true;
  }

  /** found ← max(found, whether one of these is not finite), in place. @param numbers each [] @returns found, [] float32 */
  over(numbers: readonly Tensor[]): Tensor {
    return scope(() => {
      const bad = stack(numbers.map((each) => each.to("float64")))
        .isFinite()
        .all()
        .eq(0)
        .to("float32");
      this.found ??= keep(full([], 0, { device: bad.device }));
      return this.found.copy_(bad.maximum(this.found));
    }, "watch");
  }

  /** Whether there was such a step so far, 1 or 0. */
  get state(): Reading {
    return this.found?.clone() ?? 0;
  }

  dispose(): void {
    this.found?.dispose();
    this.found = undefined;
  }
}

let current: Watch | undefined;

/** The watch of the loop around, if there is one. */
export const watching = (): Watch | undefined => current;

/** Runs `body`, in which descents leave their numbers unread; elsewhere each reads them, and refuses what is not finite. */
export function unread<T>(watch: Watch, body: () => T): T {
  const outer = current;
  current = watch;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** All of them as numbers, by one copy from the device; what was a tensor is freed. */
export function read(all: readonly Readings[]): Record<string, number>[] {
  const tensors = all.flatMap((one) => Object.values(one).filter((each) => typeof each !== "number"));
  const wide = () => noGrad(() => stack(tensors.map((each) => each.to("float64"))).numbers());
  const values = tensors.length === 0 ? [] : scope(wide, "readings");
  for (const tensor of tensors) tensor.dispose();
  const numberOf = (each: Reading) => (typeof each === "number" ? each : values.shift()!);
  return all.map((one) =>
    Object.fromEntries(Object.entries(one).map(([name, each]) => [name, numberOf(each)])),
  );
}
