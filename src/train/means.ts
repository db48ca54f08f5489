/** @file Means of what the steps of an epoch log: a row of summary.csv, a line for people, what the progress shows. */

import type { Course } from "./course.ts";
import type { Milestone, Numbers } from "./learner.ts";
import type { SummaryRow } from "./metrics.ts";
import type { Position } from "./position.ts";

/** The sums lie in the position, which is saved: a run that is taken up within an epoch has the same means. */
export class Means {
  /** @param perEpoch steps of an epoch, where there are epochs */
  constructor(
    private readonly position: Position,
    private readonly course: Course,
    private readonly perEpoch?: number,
  ) {}

  add(numbers: Numbers, images: number): void {
    const { sums } = this.position;
    this.position.count += images;
    for (const [name, value] of Object.entries(numbers))
      if (/^(train|epoch)\//.test(name)) sums[name] = (sums[name] ?? 0) + value * images;
  }

  /** The row that ends here; the next one begins. */
  takeRow(): SummaryRow {
    const { position, course, perEpoch } = this;
    const { milestone, evaluated, step, lr } = position;
    const means = only(this.values, (name) => name !== "train/gradientNorm");
    const found = only(milestone?.numbers ?? {}, (name) => name.startsWith("eval/"));
    const place = perEpoch === undefined ? { step } : { epoch: course.at / perEpoch - 1 };
    Object.assign(position, { sums: {}, count: 0 });
    return {
      ...place,
      train: withoutGroup(means),
      // not that of a stop by `maxSteps`: a run that was not stopped has the same rows
      eval: course.due && evaluated === step && milestone !== null ? withoutGroup(found) : undefined,
      lr,
    };
  }

  /** Where the run is, what was learned since the last row, what was found. */
  told({ text }: Milestone): string {
    const { where } = this.course;
    if (this.perEpoch === undefined || where === "") return text;
    const { "train/loss": loss, "epoch/top1": top1 } = this.values;
    const means = [loss && `loss ${loss.toFixed(4)}`, top1 && `train ${top1.toFixed(2)} %`].filter(Boolean);
    return [where.trim(), ...means, text.slice(where.length)].join("  ");
  }

  /** What the progress shows of a step: with epochs, means so far of this one. */
  facts({ lr, ...numbers }: Numbers): Record<string, number | undefined> {
    if (this.perEpoch === undefined) return { ...numbers, lr };
    const { "train/loss": loss, "epoch/top1": top1, "train/gradientNorm": _, ...rest } = this.values;
    return { loss, accuracy: top1, ...rest, lr };
  }

  private get values(): Numbers {
    const { sums, count } = this.position;
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
  }
}

/** The numbers whose names are wanted. */
export const only = (numbers: Numbers, wanted: (name: string) => boolean): Numbers =>
  Object.fromEntries(Object.entries(numbers).filter(([name]) => wanted(name)));

/** "loss" for "train/loss". */
const withoutGroup = (numbers: Numbers): Numbers =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name.slice(name.indexOf("/") + 1), value]),
  );
