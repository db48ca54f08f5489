/** @file The learning rate where a run goes on by another recipe: longer training, for one, stretches its schedule. */

import { talk } from "../base/talk.ts";

/**
 * Says how the learning rate goes on, in one line.
 * @param before of step `step`, by the recipe until then; not known of a method without one
 * @param now of the step after it
 */
export function sayRate(step: number, before: number | undefined, now: number | undefined): void {
  if (before === undefined || now === undefined) return;
  const [was, is] = [before, now].map((rate) => String(Number(rate.toPrecision(3))));
  talk(`resume: the learning rate was ${was} at step ${step}, and is ${is} at step ${step + 1}`);
}
