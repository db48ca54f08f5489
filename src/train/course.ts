/** @file The way of a run: the learner's count of steps, what is due there, where it ends. */

import type { Learner } from "./learner.ts";
import type { Position } from "./position.ts";

export class Course {
  /** The learner's count of steps: that of the run, but where epochs had other lengths before. */
  at: number;
  /** The run's step at which it ends here. */
  readonly total: number;

  constructor(
    private readonly learner: Pick<
      Learner<never>,
      "steps" | "perEpoch" | "milestones" | "evalEvery" | "evaluate"
    >,
    private readonly position: Position,
    maxSteps = Number.POSITIVE_INFINITY,
  ) {
    const { step, epoch, within } = position;
    this.at = epoch * (learner.perEpoch ?? 0) + within;
    this.total = Math.min(learner.steps - this.at + step, maxSteps);
  }

  /** Whether there is nothing left to do here. */
  get finished(): boolean {
    return this.position.step >= this.total && !this.pending;
  }

  /** Whether the learner has come to its end, wherever the run ends here. */
  get done(): boolean {
    return this.at >= this.learner.steps && !this.pending;
  }

  /** Whether an evaluation is due by the learner's own count. */
  get due(): boolean {
    const { steps, milestones, evalEvery = Number.POSITIVE_INFINITY } = this.learner;
    return milestones?.includes(this.at) ?? (this.at === steps || this.at % evalEvery === 0);
  }

  /** Whether an evaluation is still to come at this step: one that is due, or that of a run that `maxSteps` end. */
  get pending(): boolean {
    const { step, evaluated } = this.position;
    if (step === evaluated || this.learner.evaluate === undefined) return false;
    return this.due || (step === this.total && this.learner.milestones === undefined);
  }

  /** Whether an epoch ends here, or what lies between two evaluations. */
  get turns(): boolean {
    const { perEpoch } = this.learner;
    return perEpoch === undefined ? this.due : this.at % perEpoch === 0;
  }

  /** Whether a row of summary.csv ends here. */
  get endsRow(): boolean {
    return this.turns && !this.pending && this.position.count > 0;
  }

  /** One step on. */
  advance(): void {
    this.at++;
    this.position.step++;
  }

  /** Epoch and steps within it, as they are saved. */
  note(): void {
    const { perEpoch } = this.learner;
    const epoch = perEpoch === undefined ? 0 : Math.floor(this.at / perEpoch);
    Object.assign(this.position, { epoch, within: this.at - epoch * (perEpoch ?? 0) });
  }

  /** `epoch 3/10  ` or `step 3/10  `; nothing where milestones have names of their own. */
  get where(): string {
    const { perEpoch, steps, milestones } = this.learner;
    if (milestones !== undefined) return "";
    if (perEpoch === undefined || this.at % perEpoch !== 0) return `step ${this.at}/${steps}  `;
    return `epoch ${this.at / perEpoch}/${steps / perEpoch}  `;
  }
}
