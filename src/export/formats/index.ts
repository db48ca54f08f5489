/** @file The formats of exports by name: a line each. */

import type { Format } from "../format.ts";
import { hf } from "./hf.ts";
import { html } from "./html.ts";
import { onnx } from "./onnx.ts";
import { page } from "./page.ts";
import { release } from "./release.ts";
import { transformersjs } from "./transformersjs.ts";

export const formats = { onnx, hf, transformersjs, page, html, release } satisfies Record<string, Format>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];
