/** @file Training: optimisers, schedules, the loop, metrics, checkpoints. */

export {
  type CheckpointEntry,
  type LoadedCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  type Snapshot,
  saveCheckpoint,
} from "./checkpoint.ts";
export { descend } from "./descend.ts";
export { Descent, type DescentOptions } from "./descent.ts";
export { MovingAverage } from "./ema.ts";
export { type EpochBatch, type EpochOptions, Epochs, given } from "./epochs.ts";
export type { Learner, Logged, Milestone, Numbers } from "./learner.ts";
export { type LoopOptions, type LoopOutcome, runSteps } from "./loop.ts";
export { type MetricsRecord, readMetrics } from "./metrics.ts";
export { createOptimizer, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { chooseDevice, inPrecision, type Precision } from "./precision.ts";
export type { ProgressMode } from "./progress.ts";
export { type ScheduleOptions, schedule, warmedCosine, warmupCosine } from "./schedule.ts";
export type { Given, Loss } from "./slopes.ts";
export { type Restored, type Saved, type Stateful, weights, weightsOf } from "./stateful.ts";
export { logged, type Step } from "./step.ts";
export {
  type Architecture,
  type Converted,
  convertWeights,
  describeArchitecture,
  readWeights,
  recognise,
  type Transfer,
  transfer,
  type Weights,
} from "./weights/index.ts";
