/** @file Stopping on request: finish the step, save, leave with the right code. */

/** 130 for Ctrl-C; 75 for SIGTERM: a queue may start the run again. */
export type StopCode = 130 | 75;

export interface StopRequest {
  /** Set once a signal has come. */
  readonly code: StopCode | undefined;
  dispose(): void;
}

/**
 * Listens for SIGINT and SIGTERM. The first is noted, for the loop to see after its step; a second SIGINT ends the
 * process at once. Handlers run between steps only: while libtorch works, JavaScript waits.
 */
export function listenForStop(notice: (text: string) => void): StopRequest {
  let code: StopCode | undefined;
  const interrupt = () => {
    if (code === 130) process.exit(130);
    code = 130;
    notice("stopping after this step; once more to stop at once");
  };
  const terminate = () => {
    code = 75;
    notice("asked to end: saving a checkpoint");
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  return {
    get code() {
      return code;
    },
    dispose() {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
    },
  };
}
