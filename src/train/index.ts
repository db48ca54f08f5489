/** @file Training: optimisers, schedules, the loop, metrics, checkpoints. */

export {
  type CheckpointEntry,
  type LoadedCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  type Snapshot,
  saveCheckpoint,
} from "./checkpoint.ts";
export { MovingAverage } from "./ema.ts";
export type { Learner } from "./learner.ts";
export { type MetricsRecord, readMetrics } from "./metrics.ts";
export { createOptimizer, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { chooseDevice, inPrecision, type Precision } from "./precision.ts";
export type { ProgressMode } from "./progress.ts";
export { type ScheduleOptions, schedule, warmedCosine, warmupCosine } from "./schedule.ts";
export { runSteps } from "./step-trainer.ts";
export type { BatchLoss, Evaluation, Task } from "./task.ts";
export { type Outcome, Trainer, type TrainerOptions } from "./trainer.ts";
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
