/** @file What `vitrine segment` is told. */

import type { MaskRule } from "../../evaluate/segment/index.ts";

export type SegmentMethod = "attention" | "tokencut" | "maskcut" | "pca";

export interface SegmentOptions {
  method: SegmentMethod;
  /** Side that images are stretched to; the model's own when left out. */
  size?: number;
  /** 1 to the depth; when left out the last but one for attention, the last for the others. */
  layer?: number;
  /** Of a file's weights, where they are not those of its published size. */
  heads?: number;
  /** The weights that training starts from, for comparison. */
  untrained?: boolean;
  /** How attention becomes a mask where it is judged, and what share of it is kept; mass, 0.6. */
  rule?: MaskRule;
  share?: number;
  /** τ of the cuts; 0.2 for tokencut, 0.15 for maskcut. */
  tau?: number;
  /** The paper's colours, or its code's. */
  colours?: "paper" | "code";
  /** Folder of true masks, or a COCO file of them. */
  masks?: string;
  /** Resamples of the images for intervals of mIoU; none unless given. */
  bootstrap?: number;
  /** Of the resamples; 0. */
  seed?: number;
  /** Other seeds of the model, judged with it: run folders or weights. */
  with?: readonly string[];
  /** Another model, judged on the same images, by its seeds: run folders or weights. */
  against?: readonly string[];
  /** The part of a file of weights; found when left out. */
  key?: string;
  /** Takes what was read and assumed, line by line. */
  say?: (line: string) => void;
  output: string;
}
