/** @file The numbers of one run as curves, which grow while it writes. */

import { signal } from "@preact/signals";
import type { MetricsColumns, MetricsRow, TailEvent } from "../../src/studio/shapes.ts";
import type { Stop, Studio } from "../source/source.ts";
import { halved, type Series } from "./halve.ts";

export interface Curves {
  readonly step: number[];
  readonly series: ReadonlyMap<string, Series>;
  /** Records behind them. */
  readonly rows: number;
  /** Not all records were read yet. */
  readonly exact: boolean;
  /** Some columns stand for several records. */
  readonly isBinned: boolean;
}

/** `waiting`: the server is away, and is asked again. */
export type Status = "reading" | "live" | "waiting" | "finished" | "stopped" | "gone" | "still";

/** Records that arrived and wait for a frame, and those that a held page keeps back. */
export class LiveCurves {
  readonly curves = signal<Curves | undefined>(undefined);
  readonly status = signal<Status>("reading");
  readonly problem = signal("");
  /** Records that came while the page is held. */
  readonly held = signal(0);
  private queue: MetricsRow[] = [];
  private isHeld = false;
  private frame = 0;
  private stopTail: Stop | undefined;
  private round = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly studio: Studio,
    private readonly id: string,
    private readonly px: number,
  ) {}

  /** Reads the curves between two steps, and follows the run where there is no last one. */
  async load(from?: number, to?: number): Promise<void> {
    const round = ++this.round;
    this.stop();
    try {
      const columns = await this.studio.metrics(this.id, { names: [], from, to, px: this.px });
      if (round !== this.round) return;
      this.queue = [];
      this.held.value = 0;
      this.curves.value = curvesOf(columns);
      this.problem.value = "";
      this.follow(columns, from, to);
    } catch (error) {
      if (round === this.round) this.problem.value = (error as Error).message;
    }
  }

  private follow({ offset, exact }: MetricsColumns, from?: number, to?: number): void {
    if (this.studio.tail === undefined) {
      this.status.value = "still";
      return;
    }
    // an overview is followed by the whole
    if (!exact) this.retry = setTimeout(() => void this.load(from, to), 400);
    this.status.value = "live";
    const take = (event: TailEvent) => {
      if (event.type === "truncated") void this.load(from, to);
      else if (event.type === "ended") this.status.value = event.why;
      else if (to === undefined) this.add(event.rows);
    };
    const isUp = (up: boolean) => {
      if (this.status.peek() === "live" || this.status.peek() === "waiting")
        this.status.value = up ? "live" : "waiting";
    };
    this.stopTail = this.studio.tail(this.id, offset, take, isUp);
  }

  private add(rows: readonly MetricsRow[]): void {
    this.queue.push(...rows);
    if (this.isHeld) this.held.value = this.queue.length;
    else this.frame ||= requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    this.frame = 0;
    const now = this.curves.peek();
    if (now === undefined || this.queue.length === 0) return;
    const grown = this.queue.reduce(withRow, { ...now, series: new Map(now.series) });
    this.queue = [];
    this.held.value = 0;
    // twice as many columns as pixels: two become one, and no record is lost
    this.curves.value = grown.step.length > 2 * this.px ? halved(grown) : grown;
    queueMicrotask(() => performance.mark("curves"));
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (!isHeld) this.flush();
  }

  stop(): void {
    this.stopTail?.();
    this.stopTail = undefined;
    clearTimeout(this.retry);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}

const gaps = (values: Float32Array) => Array.from(values, (x) => (Number.isNaN(x) ? null : x));

function curvesOf({ step, columns, rows, exact }: MetricsColumns): Curves {
  const series = Object.entries(columns).map(
    ([name, { min, max, last }]) => [name, { min: gaps(min), max: gaps(max), last: gaps(last) }] as const,
  );
  const isBinned = series.some(([, { min, max }]) => min.some((x, i) => x !== max[i]));
  return { step: Array.from(step), series: new Map(series), rows, exact, isBinned };
}

/** A record of a step that is there already adds to its column. */
function withRow(curves: Curves, row: MetricsRow): Curves {
  const { step, series } = curves;
  const isNew = step.at(-1) !== row.step;
  if (isNew) step.push(row.step);
  const at = step.length - 1;
  for (const [name, value] of Object.entries(row)) {
    if (name === "step" || typeof value !== "number") continue;
    const known = series.get(name) ?? { min: [], max: [], last: [] };
    if (!series.has(name)) (series as Map<string, Series>).set(name, known);
    known.min[at] = Math.min(known.min[at] ?? value, value);
    known.max[at] = Math.max(known.max[at] ?? value, value);
    known.last[at] = value;
  }
  return { ...curves, rows: curves.rows + 1 };
}
