/** @file Kinds of values in settings, each with its bounds. */

import { z } from "zod";

/**
 * Every number has bounds: what no machine could hold or end is a slip, and squares of what is smaller than 1e-12 leave
 * single precision.
 */
export const count = z.int().min(1).max(1e6);
export const whole = z.int().min(0).max(1e6);
export const width = count.max(65_536);
export const layers = count.max(1000);
export const pixels = count.max(4096);
/** Pixels of a square's side, or height and width. */
export const size = z.union([pixels, z.tuple([pixels, pixels])]);
/** Steps, or steps between things. */
export const times = z.int().min(1).max(1e8);
export const amount = z.number().min(0).max(1e6);
export const positive = z.number().min(1e-12).max(1e6);
export const share = z.number().min(0).max(1);
