/** @file The report of `vitrine inspect` as data: what a page, a figure or another program can rely on. */

import { z } from "zod";

/** The version of the form below; readers refuse others. */
export const REPORT_VERSION = 2;

/** A finite number; null where there is none, and then `missing` says why. */
const value = z.number().nullable();
const count = z.int().min(0);
const size = z.int().min(1);
const share = z.number().min(0).max(1);
const spread = z.strictObject({ mean: value, std: value });
const matrix = z.array(z.array(value));
const cosines = z.strictObject({ largest: matrix, mean: matrix });

const weights = z
  .strictObject({
    subspaces: z
      .strictObject({ raw: z.array(value), columns: z.array(value) })
      .describe("‖UₖᵀUₖ − I‖_F of each head: of U as it is, and of its columns at unit length"),
    coherence: z.strictObject({
      vectors: cosines.describe("|cosine| between stored basis vectors of heads j and k"),
      spans: cosines.describe("cosines of the principal angles between the heads' subspaces"),
    }),
    output: z
      .array(value)
      .exactOptional()
      .describe("cosine between what each head writes, Wₖ, and what is derived, Uₖ, where it is learned"),
    dictionary: z
      .strictObject({ raw: value, columns: value })
      .exactOptional()
      .describe("‖DᵀD − I‖_F of a complete dictionary"),
  })
  .refine(
    ({ subspaces, coherence: { vectors, spans }, output }) => {
      const { raw, columns } = subspaces;
      const square = (rows: readonly (readonly unknown[])[]) =>
        rows.length === raw.length && rows.every((row) => row.length === raw.length);
      const matrices = [vectors.largest, vectors.mean, spans.largest, spans.mean];
      const each = [columns, output ?? raw].every(({ length }) => length === raw.length);
      return raw.length > 0 && each && matrices.every(square);
    },
    { error: "expected as many numbers as heads, and as many rows and columns" },
  );

/** One layer; the fields are described at `LayerMeasure` in meter.ts. What is not defined for it is not there. */
const layer = z.strictObject({
  authorsRate: spread.exactOptional(),
  paperRate: spread.exactOptional(),
  paperRateUnit: spread.exactOptional(),
  compression: spread.exactOptional(),
  compressionUnit: spread.exactOptional(),
  reduction: spread.exactOptional(),
  reductionUnit: spread.exactOptional(),
  rate: spread.exactOptional(),
  rateUnit: spread.exactOptional(),
  nonZero: spread.exactOptional(),
  code: spread.exactOptional(),
  headRates: z.array(value).exactOptional(),
  windowRates: matrix.exactOptional(),
  featureRate: value.exactOptional(),
  featureRank: count.exactOptional(),
  spectrum: z.array(value),
  weights: weights.exactOptional(),
});

const stack = z
  .strictObject({
    name: z.string().describe("layers; encoder and decoder where there are both"),
    before: z.array(layer).nullable().describe("untrained weights of the same recipe and seed"),
    after: z.array(layer).min(1).describe("the weights that are inspected"),
  })
  .refine(({ before, after }) => before === null || before.length === after.length, {
    path: ["before"],
    error: "expected as many layers as in after",
  });

/** Of base64, which a page reads too. */
const bytes = (text: string) => (text.length / 4) * 3 - (/=*$/.exec(text)?.[0].length ?? 0);
const head = z.strictObject({
  weights: z.base64().describe("uint8 per patch, row by row: 255 is `largest`, 0 is 0"),
  largest: share,
});
const picture = z
  .strictObject({ channels: size, height: size, width: size, pixels: z.base64() })
  .refine(({ channels, height, width, pixels }) => bytes(pixels) === channels * height * width, {
    path: ["pixels"],
    error: "expected channels × height × width bytes",
  });
const attention = z
  .strictObject({
    index: count.describe("place of the image in its split"),
    label: count,
    prediction: z.strictObject({ before: count.nullable(), after: count }).exactOptional(),
    image: picture,
    rows: size,
    columns: size,
    layers: z.array(z.array(head).min(1)).min(1).describe("[layer][head], of the weights that are inspected"),
  })
  .refine(
    ({ rows, columns, layers }) => layers.flat().every(({ weights }) => bytes(weights) === rows * columns),
    { path: ["layers"], error: "expected rows × columns bytes in each map" },
  )
  .refine(({ layers }) => layers.every(({ length }) => length === layers[0]!.length), {
    path: ["layers"],
    error: "expected as many heads in each layer",
  });

export const reportSchema = z.strictObject({
  kind: z.literal("inspection"),
  version: z.literal(REPORT_VERSION),
  created: z.iso.datetime(),
  name: z.string().describe("name of the run's folder, or of the file"),
  recipe: z.string().exactOptional(),
  method: z.string().exactOptional().describe("how the run learned; not there for a file of weights"),
  model: z.strictObject({
    name: z.string(),
    parameters: count,
    dim: size.exactOptional(),
    depth: count.exactOptional(),
    heads: size.exactOptional(),
    headDim: size.exactOptional(),
    patch: z.union([size, z.tuple([size, size])]).exactOptional(),
    height: size.exactOptional(),
    width: size.exactOptional(),
  }),
  data: z
    .strictObject({
      name: z.string(),
      split: z.enum(["train", "validation", "test"]),
      unit: z.string().describe("what a sample is: images, points, blocks of text"),
      count: count.exactOptional().describe("samples in the split"),
      classes: z.array(z.string()),
      normalise: z.string().exactOptional(),
    })
    .exactOptional(),
  checkpoint: z.strictObject({ name: z.string(), step: count.nullable() }).exactOptional(),
  seed: count.exactOptional().describe("of the untrained weights and of the choice of samples"),
  samples: count.describe("measured"),
  settings: z
    .strictObject({
      epsilon: z.number().gt(0).describe("ε of all rates but the authors' estimator"),
      authorsEpsilon: z.number().gt(0).describe("ε of the authors' estimator, not squared"),
      windows: count.exactOptional().describe("stretches of a sequence whose rates are measured apart"),
      spectra: size.describe("samples, the first ones, whose singular values are averaged"),
    })
    .exactOptional(),
  numbers: z.record(z.string(), value).describe("by name; rates in nats, accuracies in per cent"),
  rows: z
    .array(z.record(z.string(), z.union([z.number(), z.string()]).nullable()))
    .describe("a table; what a row has not is left out of it"),
  layers: z.array(stack).exactOptional(),
  attention: z.array(attention).exactOptional(),
  notes: z.array(z.string()).describe("what the model has not, or was not measured; one line each"),
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

/** What was found in a run or a file, complete: figures of layers and all tables are made from it alone. */
export type Report = z.infer<typeof reportSchema>;
/** Layers that follow one another, untrained and trained. */
export type ReportStack = z.infer<typeof stack>;
/** One layer in a report. */
export type ReportLayer = z.infer<typeof layer>;
/** A mean with its deviation. */
export type ReportSpread = z.infer<typeof spread>;
/** The class token's attention in one image. */
export type ReportAttention = z.infer<typeof attention>;
