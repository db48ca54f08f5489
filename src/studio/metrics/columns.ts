/** @file The numbers of a run by name, each with its steps, in arrays that grow. */

import type { Line } from "./read-records.ts";

/** Values of one name, in the order of the file. */
export class Column {
  steps = new Float64Array(64);
  values = new Float32Array(64);
  length = 0;

  add(step: number, value: number): void {
    if (this.length === this.steps.length) {
      const [steps, values] = [new Float64Array(this.length * 2), new Float32Array(this.length * 2)];
      steps.set(this.steps);
      values.set(this.values);
      Object.assign(this, { steps, values });
    }
    this.steps[this.length] = step;
    this.values[this.length++] = value;
  }
}

/** What `toJsonLine` writes for numbers that JSON has no word for. */
const WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** Names of numbers: a method has some twenty; a file of someone else's may have any. */
const MOST_NAMES = 1000;
const LONGEST_NAME = 200;

export class Columns {
  readonly byName = new Map<string, Column>();
  /** Records that were read. */
  rows = 0;
  /** Lines that were none. */
  damaged = 0;
  /** The byte behind them. */
  offset = 0;

  add(records: readonly Line[]): void {
    this.rows += records.length;
    for (const record of records) {
      const step = record.step as number;
      for (const name in record) {
        if (name === "step") continue;
        const value = record[name];
        const number = typeof value === "number" ? value : WORDS[value as string];
        if (number !== undefined) this.column(name).add(step, number);
      }
    }
  }

  private column(name: string): Column {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const column = new Column();
    if (this.byName.size < MOST_NAMES && name.length <= LONGEST_NAME && !/\p{Surrogate}/u.test(name))
      this.byName.set(name, column);
    return column;
  }
}
