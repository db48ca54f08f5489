/** @file The formats of exports by name: a line each. */

import type { Format } from "../format.ts";
import { hf } from "./hf.ts";
import { onnx } from "./onnx.ts";
import { transformersjs } from "./transformersjs.ts";

export const formats = { onnx, hf, transformersjs } satisfies Record<string, Format>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];
