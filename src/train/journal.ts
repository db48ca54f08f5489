/** @file What a run writes down: metrics.jsonl, summary.csv, TensorBoard events on request. */

import { join } from "node:path";
import { MetricsWriter, readMetrics, type SummaryRow, writeSummary } from "./metrics.ts";
import { EventWriter } from "./tfevents.ts";

type Numbers = Readonly<Record<string, number>>;

export class Journal {
  private readonly metrics: MetricsWriter;
  private readonly events: EventWriter | undefined;
  private readonly rows: SummaryRow[];

  /** Opens the files of a run folder; when resuming, drops what lies after the step resumed from. */
  constructor(
    private readonly folder: string,
    options: { resumeStep?: number; tensorboard: boolean },
  ) {
    const resume = options.resumeStep === undefined ? {} : { resumeStep: options.resumeStep };
    const path = join(folder, "metrics.jsonl");
    this.metrics = new MetricsWriter(path, resume);
    this.rows = readMetrics(path).flatMap((record) =>
      record.summary === undefined ? [] : [record.summary as unknown as SummaryRow],
    );
    this.events = options.tensorboard ? new EventWriter(folder, resume) : undefined;
  }

  /** Numbers at a step: "train/loss", "lr", … */
  write(step: number, numbers: Numbers): void {
    this.metrics.write({ step, ...numbers });
    for (const [name, value] of Object.entries(numbers)) this.events?.scalar(name, value, step);
  }

  /** The end of an epoch. */
  summarise(step: number, row: SummaryRow): void {
    this.metrics.write({ step, summary: JSON.parse(JSON.stringify(row)) });
    this.rows.push(row);
    writeSummary(join(this.folder, "summary.csv"), this.rows);
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
