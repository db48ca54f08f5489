/** @file The Report as data: what a page, a figure or another program can rely on. */

import { z } from "zod";

/** The version of the form below; readers refuse others. */
export const REPORT_VERSION = 1;

/** A finite number; null where there is none, and then `missing` says why. */
const value = z.number().nullable();
const count = z.int().min(0);
const share = z.number().min(0).max(1);
const base64 = z.base64();
const matrix = z.array(z.array(value));

const spread = z.strictObject({ mean: value, std: value });
const perHead = z.strictObject({ raw: z.array(value), columns: z.array(value) });
const cosines = z.strictObject({ largest: matrix, mean: matrix });

const weights = z.strictObject({
  subspaces: perHead.describe("‖UₖᵀUₖ − I‖_F of each head: of U as it is, and of its columns at unit length"),
  coherence: z.strictObject({
    vectors: cosines.describe("|cosine| between stored basis vectors of heads j and k"),
    spans: cosines.describe("cosines of the principal angles between the heads' subspaces"),
  }),
  dictionary: z.strictObject({ raw: value, columns: value }).describe("‖DᵀD − I‖_F"),
});

/** One layer; the fields are described at `LayerMeasure` in measure.ts. */
const layer = z.strictObject({
  authorsRate: spread.nullable(),
  paperRate: spread.nullable(),
  paperRateUnit: spread.nullable(),
  compression: spread.nullable(),
  compressionUnit: spread.nullable(),
  reduction: spread.nullable(),
  reductionUnit: spread.nullable(),
  rate: spread,
  rateUnit: spread,
  nonZero: spread,
  spectrum: z.array(value),
  weights: weights.nullable(),
});

const head = z.strictObject({
  weights: base64.describe("uint8 per patch, row by row: 255 is `largest`, 0 is 0"),
  largest: share,
});

const attention = z.strictObject({
  index: count.describe("place of the image in its split"),
  label: count,
  prediction: z.strictObject({ before: count.nullable(), after: count }),
  image: z.strictObject({ channels: count, height: count, width: count, pixels: base64 }),
  rows: count,
  columns: count,
  layers: z.array(z.array(head)).describe("[layer][head], of the checkpoint"),
});

export const reportSchema = z.strictObject({
  version: z.literal(REPORT_VERSION),
  created: z.iso.datetime(),
  run: z.string().describe("name of the run's folder"),
  model: z.strictObject({
    name: z.string(),
    family: z.enum(["crate", "vit"]),
    parameters: count,
    dim: count,
    depth: count,
    heads: count,
    headDim: count,
    patch: count,
    height: count,
    width: count,
    tokens: count,
  }),
  data: z.strictObject({
    name: z.string(),
    split: z.enum(["train", "test"]),
    count: count.describe("images in the split"),
    classes: z.array(z.string()),
    normalise: z.string(),
  }),
  checkpoint: z.strictObject({ name: z.string(), step: count.nullable() }),
  seed: count.describe("of the untrained weights and of the choice of samples"),
  samples: z.strictObject({
    count,
    spectra: count.describe("of these, the first ones: their singular values are averaged"),
    accuracy: z.strictObject({ before: share.nullable(), after: share }),
  }),
  settings: z.strictObject({
    precision: z.number().gt(0).describe("ε of all rates but the authors' estimator"),
    authorsEpsilon: z.number().gt(0).describe("ε of the authors' estimator, not squared"),
  }),
  layers: z.strictObject({
    before: z.array(layer).nullable().describe("untrained weights of the same recipe and seed"),
    after: z.array(layer).describe("the checkpoint"),
  }),
  attention: z.array(attention),
  missing: z
    .array(z.strictObject({ path: z.string(), reason: z.string() }))
    .describe("why a value is null; * in a path stands for one part"),
  environment: z.strictObject({
    vitrine: z.string(),
    libtorch: z.string(),
    threads: count,
    node: z.string(),
    platform: z.string(),
  }),
});

/** The measures of a run, complete: figures and tables are made from it alone. */
export type Report = z.infer<typeof reportSchema>;
/** One layer in a report; null where `missing` says why. */
export type ReportLayer = z.infer<typeof layer>;
/** A mean with its deviation. */
export type ReportSpread = z.infer<typeof spread>;
/** The class token's attention in one image. */
export type ReportAttention = z.infer<typeof attention>;
