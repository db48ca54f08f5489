/** @file The list of runs, kept up to date while the page is open. */

import { signal } from "@preact/signals";
import type { RunEvent, RunRow } from "../src/studio/shapes.ts";
import type { Studio } from "./source/source.ts";

/** The newest first; nothing before it was read. */
export const runs = signal<readonly RunRow[] | undefined>(undefined);
export const problem = signal("");
/** The server answers; files always do. */
export const isUp = signal(true);

let begun: Studio | undefined;

/** Reads the list once, and follows its changes. */
export function followRuns(studio: Studio): void {
  if (begun === studio) return;
  begun = studio;
  const read = () =>
    studio.runs().then(
      (list) => {
        runs.value = list;
        problem.value = "";
      },
      (error) => {
        problem.value = (error as Error).message;
      },
    );
  void read();
  let wasDown = false;
  studio.events?.(take, (up) => {
    isUp.value = up;
    // what happened while the server was away is in no event
    if (up && wasDown) void read();
    wasDown = !up;
  });
}

function take(event: RunEvent): void {
  const now = runs.peek();
  if (now === undefined) return;
  const id = event.type === "gone" ? event.id : event.run.id;
  const others = now.filter((run) => run.id !== id);
  if (event.type === "gone") runs.value = others;
  else if (event.type === "added") runs.value = [event.run, ...others];
  else runs.value = now.map((run) => (run.id === id ? event.run : run));
}

/** The run `by` places below another in the list. */
export function neighbour(id: string, by: number): string | undefined {
  const list = runs.peek() ?? [];
  const at = list.findIndex((run) => run.id === id);
  return at < 0 ? undefined : list[at + by]?.id;
}
