/** @file Fine-tuning: each task as if there had been none before it. The lower bound of the table. */

import { type Strategy, seenCrossEntropy } from "./strategy.ts";

export const fineTuning = (): Strategy => ({ loss: seenCrossEntropy, bytes: 0, dispose() {} });
