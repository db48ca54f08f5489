/** @file What the server and the process with libtorch tell each other. */

/** A job: its name in src/studio/jobs/index.ts, the run's folder, and what is asked. */
export interface Task {
  readonly job: string;
  readonly folder: string;
  readonly asked: unknown;
}

/** What became of the task. `ours`: the message alone says what to do. */
export type Done = { readonly answer: unknown } | { readonly error: string; readonly ours: boolean };
