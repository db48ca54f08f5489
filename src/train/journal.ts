/** @file What a run writes down: metrics.jsonl, summary.csv, TensorBoard events on request. */

import { join } from "node:path";
import { requireOwn } from "../tensor/write-file.ts";
import type { JsonRecord } from "./json-line.ts";
import { MetricsWriter, readMetrics, type SummaryRow, writeSummary } from "./metrics.ts";
import { EventWriter } from "./tfevents.ts";

type Numbers = Readonly<Record<string, number>>;

export class Journal {
  private readonly metrics: MetricsWriter;
  private readonly events: EventWriter | undefined;
  private rows: SummaryRow[];
  private readonly summary: string;

  /** Opens the files of a run folder and drops what they say of later steps than `step`: the run takes them again. */
  constructor(folder: string, { step, tensorboard }: { step: number; tensorboard: boolean }) {
    const path = join(folder, "metrics.jsonl");
    this.summary = join(folder, "summary.csv");
    requireOwn(this.summary, "a file");
    this.metrics = new MetricsWriter(path, { resumeStep: step });
    this.rows = readMetrics(path).flatMap((record) =>
      record.summary === undefined ? [] : [record.summary as unknown as SummaryRow],
    );
    this.events = tensorboard ? new EventWriter(folder, { resumeStep: step }) : undefined;
  }

  /** Numbers at a step: "train/loss", "lr", … */
  write(step: number, numbers: Numbers): void {
    this.metrics.write({ step, ...numbers });
    for (const [name, value] of Object.entries(numbers)) this.events?.scalar(name, value, step);
  }

  /** The end of an epoch. Of an epoch that ended twice, as a crash before its checkpoint makes it, the last row stays. */
  summarise(step: number, row: SummaryRow): void {
    this.metrics.write({ step, summary: row as unknown as JsonRecord });
    this.rows = [...this.rows.filter(({ epoch }) => epoch !== row.epoch), row];
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
}
