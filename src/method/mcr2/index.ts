/** @file Training encoders by rate reduction. */

export { type Corruption, corruptLabels } from "./corrupt-labels.ts";
export { type Views, viewsOf } from "./views.ts";
