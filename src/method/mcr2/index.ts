/** @file Training encoders by rate reduction. */

export { type Corruption, corruptLabels } from "./corrupt-labels.ts";
export { type Augmentation, VIEW_PRESETS } from "./view-presets.ts";
export { type Views, viewsOf } from "./views.ts";
