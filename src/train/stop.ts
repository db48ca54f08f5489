/** @file Stopping on request: finish the step, save, leave with the right code. */

/** 130 for Ctrl-C; 75 for SIGTERM, SIGHUP and when the time is up: a queue may start the run again. */
export type StopCode = 130 | 75;

/** A code as a number that processes add up, and the code of their sum: 130 where any has it. */
export const voteOf = (code: StopCode | undefined): number =>
  code === undefined ? 0 : code === 75 ? 1 : MOST_RANKS;
export const codeOf = (votes: number): StopCode | undefined =>
  votes === 0 ? undefined : votes < MOST_RANKS ? 75 : 130;
const MOST_RANKS = 2 ** 20;

export interface StopRequest {
  /** Set once a signal has come, or the deadline. */
  readonly code: StopCode | undefined;
  dispose(): void;
}

/** Milliseconds in which a second SIGINT is the first one's echo: under npm, Ctrl-C comes from the terminal and from npm. */
const ECHO = 500;

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. The first is noted, for the loop to see after its step; a second SIGINT ends
 * the process at once. Handlers run between steps only: while libtorch works, JavaScript waits.
 * @param deadline when to stop without a signal, in milliseconds of `performance.now()`
 */
export function listenForStop(
  notice: (text: string) => void,
  deadline = Number.POSITIVE_INFINITY,
): StopRequest {
  let code: StopCode | undefined;
  let interrupted = 0;
  const interrupt = () => {
    if (code === 130 && performance.now() - interrupted < ECHO) return;
    if (code === 130) process.exit(130);
    code = 130;
    interrupted = performance.now();
    notice("stopping after this step; once more to stop at once");
  };
  const terminate = () => {
    code = 75;
    notice("asked to end: saving a checkpoint");
  };
  // npm ends on a signal without us where its shell does not pass it on; then nobody else would ever end this process
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
    clearInterval(watch);
    terminate();
  }, 1000).unref();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  process.on("SIGHUP", terminate);
  return {
    get code() {
      if (code === undefined && performance.now() >= deadline) {
        code = 75;
        notice("the time is up: saving a checkpoint");
      }
      return code;
    },
    dispose() {
      clearInterval(watch);
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
      process.off("SIGHUP", terminate);
    },
  };
}
