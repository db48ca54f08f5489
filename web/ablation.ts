/** @file Δp of every head: how the probability of the class changes when that head alone is removed. */

import { effect, signal } from "@preact/signals";
import { view } from "./address.ts";
import { Overtaken } from "./engine/engine.ts";
import type { Session } from "./session.ts";

export interface Ablations {
  /** The class that all heads together say. */
  readonly label: number;
  /** [layer][head]; not there until it is computed. */
  readonly change: readonly (readonly (number | undefined)[])[];
}

/** Beyond this it is computed only when asked for. */
const MOST_SECONDS = 4;

export class AblationGrid {
  readonly grid = signal<Ablations | undefined>(undefined);
  /** Seconds that it would take, where that is long: then it waits to be asked. */
  readonly waits = signal<number | undefined>(undefined);
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly session: Session) {
    effect(() => {
      const { seen } = session;
      if (view.value.page !== "head" || seen.value === undefined) return;
      const { layers, heads } = session;
      const seconds = (seen.value.ms * layers.length * heads) / 1000;
      this.round++;
      clearTimeout(this.timer);
      this.waits.value = seconds > MOST_SECONDS ? seconds : undefined;
      if (seconds > MOST_SECONDS) this.grid.value = undefined;
      else this.timer = setTimeout(() => void this.compute(), 120);
    });
  }

  /** Head by head, so that the page answers in between; a new picture ends it. */
  async compute(): Promise<void> {
    const round = ++this.round;
    this.waits.value = undefined;
    const { layers, heads, seen } = this.session;
    const { whole } = seen.peek()!;
    const label = whole.indexOf(Math.max(...whole));
    const change: (number | undefined)[][] = layers.map(() => Array.from({ length: heads }, () => undefined));
    let shown = performance.now();
    for (let l = 0; l < layers.length; l++)
      for (let k = 0; k < heads; k++) {
        const p = await this.session.without(l, k).catch((error) => {
          if (!(error instanceof Overtaken)) this.session.problem.value = (error as Error).message;
        });
        if (p === undefined || round !== this.round) return;
        change[l]![k] = p[label]! - whole[label]!;
        if (performance.now() - shown < 12) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (round !== this.round) return;
        shown = performance.now();
      }
    this.grid.value = { label, change };
  }
}
