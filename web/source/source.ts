/** @file What the page reads, whoever serves it. */

import type { PageFacts } from "../../src/graph/index.ts";
import type { Report } from "../../src/measure/report-schema.ts";
import type {
  JobName,
  Jobs,
  MetricsColumns,
  ProbeRow,
  RunDetail,
  RunEvent,
  RunRow,
  SamplesAnswer,
  SweepRow,
  TailEvent,
  TheoryRow,
} from "../../src/studio/shapes.ts";

/** A network, and pictures for it. */
export interface Source {
  facts(): Promise<PageFacts>;
  /** An ONNX file. */
  model(): Promise<Uint8Array>;
  /** Pictures of equal size, side by side. */
  samples(): Promise<Blob>;
}

/** Which part of the metrics is wanted. */
export interface Wanted {
  /** All, where it is empty. */
  names: readonly string[];
  /** Steps, both inside; all of them where they are not there. */
  from?: number | undefined;
  to?: number | undefined;
  /** At most so many columns. */
  px: number;
}

/** Ends what listens. */
export type Stop = () => void;

/** Runs: of a server, or exported as files. */
export interface Studio {
  /** The newest first. */
  runs(): Promise<readonly RunRow[]>;
  run(id: string): Promise<RunDetail>;
  metrics(id: string, wanted: Wanted): Promise<MetricsColumns>;
  /** Nothing was measured during training: none. */
  probes(id: string): Promise<readonly ProbeRow[]>;
  /** @throws {Error} there is none */
  report(id: string): Promise<Report>;
  theory(): Promise<readonly TheoryRow[]>;
  sweeps(): Promise<readonly SweepRow[]>;
  /** @param checkpoint its name; the best without one */
  network(id: string, checkpoint?: string): Source;
  /** What libtorch makes of a question about a run; files have no libtorch. */
  ask?<N extends JobName>(id: string, name: N, asked: Jobs[N][0], signal: AbortSignal): Promise<Jobs[N][1]>;
  /** Pictures of a split as the network takes them. */
  pictures?(id: string, split: "train" | "test", from: number, count: number): Promise<SamplesAnswer>;
  /** New records from a byte offset on; files do not grow, and have none. */
  tail?(id: string, from: number, on: (event: TailEvent) => void, isUp: (isUp: boolean) => void): Stop;
  /** Runs that come, change and go. */
  events?(on: (event: RunEvent) => void, isUp: (isUp: boolean) => void): Stop;
}

/** What the pages of one run are given. */
export interface RunHere {
  readonly id: string;
  readonly name: string;
  /** Model, data and checkpoint in one line. */
  readonly about: string;
  /** Not there on the exported page of one run, nor the studio. */
  readonly detail: RunDetail | undefined;
  readonly studio: Studio | undefined;
  readonly network: Source;
}
