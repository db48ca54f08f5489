/** @file Which runs come, change and go, for all that listen; nobody looks while nobody listens. */

import type { Catalogue } from "./catalogue.ts";
import type { RunEvent, RunRow } from "./shapes.ts";

/** Milliseconds between looks. */
const LEAST = 1000;
/** A look of a thousand runs takes some 50 ms: it comes so seldom that it takes one per cent of the time. */
const SHARE = 0.01;

export class Watch {
  private readonly listeners = new Set<(event: RunEvent) => void>();
  private rows = new Map<string, RunRow>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly catalogue: Catalogue) {}

  /** @returns what ends it */
  listen(on: (event: RunEvent) => void): () => void {
    if (this.listeners.size === 0) {
      this.rows = this.look();
      this.again(LEAST);
    }
    this.listeners.add(on);
    return () => {
      this.listeners.delete(on);
      if (this.listeners.size === 0) this.close();
    };
  }

  close(): void {
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  private again(wait: number): void {
    this.timer = setTimeout(() => {
      const start = performance.now();
      const rows = this.look();
      for (const event of between(this.rows, rows)) for (const on of this.listeners) on(event);
      this.rows = rows;
      this.again(Math.max(LEAST, (performance.now() - start) / SHARE));
    }, wait).unref();
  }

  private look(): Map<string, RunRow> {
    return new Map(this.catalogue.runs().map(({ row }) => [row.id, row]));
  }
}

function between(before: ReadonlyMap<string, RunRow>, after: ReadonlyMap<string, RunRow>): RunEvent[] {
  const gone = [...before.keys()].filter((id) => !after.has(id));
  const others = [...after.values()].flatMap((run): RunEvent[] => {
    const known = before.get(run.id);
    if (known === undefined) return [{ type: "added", run }];
    return JSON.stringify(known) === JSON.stringify(run) ? [] : [{ type: "changed", run }];
  });
  return [...gone.map((id): RunEvent => ({ type: "gone", id })), ...others];
}
