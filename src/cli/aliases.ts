/** @file Short flags for keys of the recipe, in timm's spelling where the meaning is the same. */

export interface Alias {
  /** As typed, with dashes. */
  flag: string;
  /** One letter, where timm has one. */
  short?: string;
  /** The key that it sets. */
  path: string;
  /** The value that the flag stands for; such a flag takes none. */
  value?: number | string;
}

export const aliases: readonly Alias[] = [
  { flag: "--model", path: "model.name" },
  { flag: "--arch", path: "model.name" },
  { flag: "--img-size", path: "model.imageSize" },
  { flag: "--patch-size", path: "model.patch" },
  { flag: "--in-chans", path: "model.channels" },
  { flag: "--eta", path: "model.eta" },
  { flag: "--lambda", path: "model.lambda" },
  { flag: "--dataset", path: "data.name" },
  { flag: "--data-dir", path: "data.dir" },
  { flag: "--workers", short: "-j", path: "data.workers" },
  { flag: "--scale", path: "data.augment.resizedCrop" },
  { flag: "--mixup", path: "data.augment.mixup" },
  { flag: "--reprob", path: "data.augment.erase" },
  { flag: "--smoothing", path: "method.smoothing" },
  { flag: "--epochs", path: "train.epochs" },
  { flag: "--batch-size", short: "-b", path: "train.batchSize" },
  { flag: "--grad-accum-steps", path: "train.accumulate" },
  { flag: "--opt", path: "train.optimizer" },
  { flag: "--optimizer", path: "train.optimizer" },
  { flag: "--lr", path: "train.lr" },
  { flag: "--weight-decay", path: "train.weightDecay" },
  { flag: "--opt-betas", path: "train.betas" },
  { flag: "--momentum", path: "train.momentum" },
  { flag: "--sched", path: "train.schedule" },
  { flag: "--warmup-epochs", path: "train.warmupEpochs" },
  { flag: "--clip-grad", path: "train.clipGrad" },
  { flag: "--model-ema", path: "train.ema", value: 0.9998 },
  { flag: "--model-ema-decay", path: "train.ema" },
  { flag: "--precision", path: "train.precision" },
  { flag: "--amp", path: "train.precision", value: "bf16" },
  { flag: "--device", path: "train.device" },
  { flag: "--threads", path: "train.threads" },
  { flag: "--recovery-interval", path: "train.checkpointEvery" },
  { flag: "--checkpoint-hist", path: "train.keep" },
  { flag: "--val-interval", path: "train.evalEvery" },
  { flag: "--log-interval", path: "train.logInterval" },
];
