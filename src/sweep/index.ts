/** @file Sweeps: runs over a grid of settings and seeds, compared by their validation split. */

export { combinations, inWords, leaf, parseAxis, type Values, valueInWords } from "./grid.ts";
export type { Ended, Programs, SweepOptions, Trained } from "./programs.ts";
export { runSweep } from "./run-sweep.ts";
export {
  choose,
  isWhole,
  keysOf,
  over,
  ratesOver,
  runTable,
  type Spread,
  scoresOver,
  spread,
  spreadInWords,
} from "./summary.ts";
export {
  type Budget,
  readSweep,
  SWEEP_FILE,
  type Sweep,
  type SweepRun,
  type SweepSetting,
} from "./sweep-file.ts";
