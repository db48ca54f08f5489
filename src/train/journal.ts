/** @file What a run writes down: metrics.jsonl, summary.csv, TensorBoard events on request. */

import { join } from "node:path";
import { DataError } from "../base/errors.ts";
import type { JsonRecord, JsonValue } from "../base/json-line.ts";
import { requireOwn } from "../base/write-file.ts";
import { type MetricsRecord, MetricsWriter, type SummaryRow, writeSummary } from "./metrics.ts";
import { EventWriter } from "./tfevents.ts";

/** A row that was written before. @throws {DataError} it lacks what a row has */
function rowOf(summary: JsonValue, path: string): SummaryRow {
  const isTree = (value: unknown) => typeof value === "object" && value !== null;
  const { epoch, step, train, eval: found = {}, lr = 0 } = (isTree(summary) ? summary : {}) as JsonRecord;
  if (typeof (epoch ?? step) === "number" && isTree(train) && isTree(found) && typeof lr === "number")
    return summary as unknown as SummaryRow;
  throw new DataError(
    `${path}: expected a summary with the numbers of its epoch, got ${JSON.stringify(summary)}; take the line out`,
    { path },
  );
}

type Numbers = Readonly<Record<string, number>>;

/** Where a journal is taken up, and what it writes. */
export interface JournalOptions {
  step: number;
  /** Records of this very step that the run had written when it was saved; all of them where it is not known. */
  records?: number | undefined;
  tensorboard: boolean;
}

export class Journal {
  private readonly metrics: MetricsWriter;
  private readonly events: EventWriter | undefined;
  private readonly summary: string;
  private rows: SummaryRow[];
  private at: { step: number; records: number };

  /** Opens the files of a run folder and drops what they say of what comes after `step`: the run takes it again. */
  constructor(folder: string, { step, records, tensorboard }: JournalOptions) {
    this.summary = join(folder, "summary.csv");
    requireOwn(this.summary, "a file");
    this.metrics = new MetricsWriter(join(folder, "metrics.jsonl"), {
      resumeStep: step,
      ...(records !== undefined && { records }),
    });
    const { kept } = this.metrics;
    this.rows = kept.flatMap(({ summary }) =>
      summary === undefined ? [] : [rowOf(summary, this.metrics.path)],
    );
    const here = kept.filter((record) => record.step === step);
    this.at = { step, records: here.length };
    if (!tensorboard) return;
    // TensorBoard hides whole steps: where a part of this one is dropped, the rest is said again
    const { cut } = this.metrics;
    this.events = new EventWriter(folder, { resumeStep: cut ? step - 1 : step });
    if (cut) for (const record of here) this.show(record);
  }

  /** Records written of the step that was written of last: what a checkpoint of that step counts on. */
  recordsOf(step: number): number {
    return this.at.step === step ? this.at.records : 0;
  }

  /** Numbers at a step: "train/loss", "lr", … */
  write(step: number, numbers: Numbers): void {
    this.record({ step, ...numbers });
  }

  /** The end of an epoch, or an evaluation. Of a row that was written twice, the last one stays. */
  summarise(step: number, row: SummaryRow): void {
    this.record({ step, summary: row as unknown as JsonRecord });
    this.rows = [...this.rows.filter(({ epoch, step }) => epoch !== row.epoch || step !== row.step), row];
    writeSummary(this.summary, this.rows);
  }

  /** On the disk, before a checkpoint that counts on it. */
  sync(): void {
    this.metrics.sync();
    this.events?.sync();
  }
  close(): void {
    this.metrics.close();
    this.events?.close();
  }

  private record(record: MetricsRecord): void {
    const { step } = record;
    this.metrics.write(record);
    this.at = { step, records: this.recordsOf(step) + 1 };
    this.show(record);
  }

  private show({ step, ...numbers }: MetricsRecord): void {
    for (const [name, value] of Object.entries(numbers))
      if (typeof value === "number") this.events?.scalar(name, value, step);
  }
}

/** Of a process that writes nothing: another one does. */
export const NO_JOURNAL: Pick<Journal, "recordsOf" | "write" | "summarise" | "sync" | "close"> = {
  ...{ recordsOf: () => 0, write: () => {}, summarise: () => {}, sync: () => {}, close: () => {} },
};
