/** @file What the layers showed at each evaluation: `probes.jsonl`, one record a line, as metrics.jsonl has them. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MetricsRecord, MetricsWriter } from "./metrics.ts";
import type { Position } from "./position.ts";

export class Probes {
  private readonly path: string;
  private readonly at: { resumeStep: number; records: number };
  private file: MetricsWriter | undefined;

  /** Opens the file of a run that goes on, and drops the records that it will write again; the first record makes it. */
  constructor(folder: string, { step, evaluated }: Pick<Position, "step" | "evaluated">) {
    this.path = join(folder, "probes.jsonl");
    this.at = { resumeStep: step, records: evaluated === step ? 1 : 0 };
    if (existsSync(this.path)) this.file = new MetricsWriter(this.path, this.at);
  }

  /** @throws {DiskError} it cannot be written */
  write(step: number, seen: object): void {
    this.file ??= new MetricsWriter(this.path, this.at);
    this.file.write({ step, ...seen } as MetricsRecord);
  }

  /** On the disk, before a checkpoint that counts on it. */
  sync(): void {
    this.file?.sync();
  }
  close(): void {
    this.file?.close();
  }
}
