/** @file What training noted of a run's layers. */

import { existsSync } from "node:fs";
import { readRecords } from "./metrics/read-records.ts";
import type { ProbeRow } from "./shapes.ts";

/** The records of probes.jsonl in order; none where there is no such file. */
export async function readProbes(path: string): Promise<ProbeRow[]> {
  if (!existsSync(path)) return [];
  const rows: ProbeRow[] = [];
  for await (const { records } of readRecords(path))
    for (const record of records) rows.push(record as unknown as ProbeRow);
  return rows;
}
