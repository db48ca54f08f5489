/** @file What a page has to know of a graph that the graph does not say: `data/run.json` of an export. */

import { DataError } from "../base/errors.ts";
import type { IstaOptions } from "./ista.ts";
import type { GraphLayer } from "./layers.ts";

export interface PageFacts {
  readonly kind: "page";
  readonly version: 1;
  /** Of the run, or of the file of weights. */
  readonly name: string;
  /** `CRATE, d = 64, 4 layers, 4 heads`: in one line. */
  readonly model: string;
  readonly data?: string | undefined;
  readonly checkpoint?: string | undefined;
  /** Of the weights. */
  readonly sha256?: string | undefined;
  readonly classes: readonly string[];
  readonly input: {
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    /** Of pixels in 0 … 1, per channel. */
    readonly mean: readonly number[];
    readonly std: readonly number[];
    /** `mnist`: what is drawn fills a box of 20 × 20, its centre of mass in the middle of 28 × 28. */
    readonly centring: "mnist" | "none";
  };
  /** Rows and columns of patches. */
  readonly grid: readonly [number, number];
  /** η and λ, where ISTA has them. */
  readonly ista?: IstaOptions | undefined;
  /** ε of the authors' estimator, not squared. */
  readonly epsilon: number;
  /** Pictures in samples.png, from left to right: their classes and places in the test set. */
  readonly samples: readonly { readonly label: number; readonly index: number }[];
  /** Per layer, mean and standard deviation over `samples` images, from report.json. */
  readonly bands?: { readonly samples: number; readonly layers: readonly Bands[] } | undefined;
  /** Where the page has not the graph: its input, its layers, and how many heads each has. */
  readonly shown?:
    | { readonly input: string; readonly layers: readonly GraphLayer[]; readonly heads: number }
    | undefined;
  /** Why there are no bands. */
  readonly noBands?: string | undefined;
}

export interface Band {
  readonly mean: number;
  readonly std: number;
}
/** Of one layer. */
export interface Bands {
  readonly authorsRate?: Band | undefined;
  readonly nonZero?: Band | undefined;
}

/** The text of run.json. @throws {DataError} not what this page reads */
export function readFacts(text: string): PageFacts {
  const wrong = (why: string, cause?: unknown) =>
    new DataError(`run.json: ${why}; export the page anew`, { path: "run.json", cause });
  let facts: PageFacts;
  try {
    facts = JSON.parse(text) as PageFacts;
  } catch (error) {
    throw wrong("expected JSON", error);
  }
  if (facts?.kind !== "page" || facts.version !== 1)
    throw wrong(`expected kind "page", version 1, got "${facts?.kind}", ${facts?.version}`);
  const { input, grid, classes, samples, epsilon } = facts;
  const sizes = [input?.channels, input?.height, input?.width, grid?.[0], grid?.[1]];
  if (!sizes.every((size) => Number.isInteger(size) && size! >= 1 && size! <= 4096))
    throw wrong(`expected sizes of the image and its patches, got ${sizes.join(", ")}`);
  if (!Array.isArray(classes) || !Array.isArray(samples) || !(epsilon > 0))
    throw wrong("expected classes, samples and an epsilon");
  return facts;
}
