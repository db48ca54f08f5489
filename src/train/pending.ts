/** @file The steps whose numbers are not read yet. */

import { scope } from "../tensor/index.ts";
import type { Drift } from "./drift.ts";
import type { FixedSteps } from "./fixed-step.ts";
import type { Learner, Logged, Numbers } from "./learner.ts";
import type { Means } from "./means.ts";
import { type Readings, read, unread, Watch } from "./readings.ts";
import type { StopCode } from "./stop.ts";

/** A step that was not finite, by the learner's count from 0. */
export class BadStep extends Error {
  constructor(readonly at: number) {
    super(`step ${at + 1} is not finite`);
  }
}

/** Takes a learner's steps, and reads what they log when it is asked for. */
export class Pending<Batch> {
  private readonly watch = new Watch();
  private steps: { at: number; images: number; readings: Readings }[] = [];
  private images = 0;
  private begun = false;
  /** What the last step that was read has logged. */
  latest: Numbers = {};

  constructor(
    private readonly learner: Learner<Batch>,
    private readonly means: Means,
    /** What a step may change before it ends, where a step that does not end is to be undone. */
    private readonly drift?: Drift,
    /** What makes the steps in the learner's place. */
    private readonly fixed?: FixedSteps<Batch>,
  ) {}

  /**
   * One step, or a share of it.
   * @param stop whether this process is to stop, for the others
   * @returns its learning rate once it is done
   */
  take(batch: Batch, at: number, stop?: StopCode): Logged | undefined {
    this.images += this.learner.size(batch);
    if (!this.begun) this.drift?.note();
    this.begun = true;
    Object.assign(this.watch, { midway: false, stop, stops: undefined });
    const { learner, fixed } = this;
    const step = () => {
      const readings = unread(this.watch, () => (fixed ? fixed.take(batch, at) : learner.step(batch, at)));
      return readings && { ...readings, bad: this.watch.state };
    };
    const readings = scope(step, "step");
    if (readings === undefined) return undefined;
    this.watch.midway = false;
    this.begun = false;
    this.steps.push({ at, images: this.images, readings });
    this.images = 0;
    return readings;
  }

  /** Makes undone a step that has not ended. @returns whether that can be: not where parameters have moved */
  undo(): boolean {
    if (this.watch.midway) return false;
    if (this.begun) this.drift?.restore();
    return true;
  }

  /** Whether any process is to stop, where the last step's numbers have said so. */
  get stops(): { code: StopCode | undefined } | undefined {
    return this.watch.stops;
  }

  /** Reads what was taken since the last time, and adds it to the means. @throws {BadStep} the first that is not finite */
  settle(): void {
    const steps = this.steps.splice(0);
    for (const [i, { bad, ...numbers }] of read(steps.map(({ readings }) => readings)).entries()) {
      if (bad !== 0) throw new BadStep(steps[i]!.at);
      this.means.add(numbers, steps[i]!.images);
      this.latest = numbers;
    }
  }

  dispose(): void {
    for (const { readings } of this.steps.splice(0))
      for (const each of Object.values(readings)) if (typeof each !== "number") each.dispose();
    this.watch.dispose();
    this.drift?.dispose();
    this.fixed?.dispose();
  }
}
