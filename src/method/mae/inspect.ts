/** @file Inside a masked autoencoder: rates and non-zeros of encoder and decoder, and how far one undoes the other. */

import { type Figure, figure, heatMap, lineChart } from "../../chart/index.ts";
import { batches } from "../../data/index.ts";
import { measureTokens, type TokenMeasure } from "../../measure/tokens.ts";
import { CrateMae } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { estimate } from "../../rate/index.ts";
import { keep, noGrad, scope, type Tensor, zeros } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { curves, someOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import type { Mae } from "./errors.ts";
import { alignment, undoing } from "./inverse.ts";
import { buildMae, maeBatches, restoreMae } from "./run.ts";

const AT_ONCE = 32;
const PRECISION = { precision: 0.5, authorsEpsilon: 0.01 };

/** Means over the samples, layer by layer; null where the layer has no subspaces. */
interface PartMeasures {
  rate: (number | null)[];
  nonZero: (number | null)[];
}
interface Measured {
  encoder: PartMeasures;
  decoder: PartMeasures;
}

/** What was recorded of one batch: [b, n, d] by probe name. */
type Found = ReadonlyMap<string, Tensor>;

/** Runs whole images, nothing removed, through encoder and decoder; `body` sees what was passed. */
function pass<T>(mae: Mae, images: Tensor, body: (found: Found) => T): T {
  const parts = ["block.*", "block.*.half", "decoder.*", "decoder.*.half", "tokens", "latent"];
  const white = mae instanceof CrateMae ? ["block.*.mssa.projection", "decoder.*.mssa.projection"] : [];
  return noGrad(() =>
    scope(() => {
      const patches = (images.size(2) * images.size(3)) / mae.options.patch ** 2;
      const mask = zeros([images.size(0), patches]);
      const { found } = record(mae, [...parts, ...white], () => mae.apply(images, mask));
      try {
        return body(found);
      } finally {
        for (const tensor of found.values()) tensor.dispose();
      }
    }, "inspect mae"),
  );
}

class Meter {
  private readonly samples = new Map<string, number[]>();

  constructor(private readonly mae: Mae) {}

  add(found: Found): void {
    for (const part of ["block", "decoder"] as const)
      for (const [l, layer] of (part === "block" ? this.mae.blocks : this.mae.decoder).entries())
        scope(() => {
          const [half, output] = [found.get(`${part}.${l}.half`)!, found.get(`${part}.${l}`)!];
          const mssa = "mssa" in layer ? layer.mssa : undefined;
          const measures = measureTokens(
            {
              input: part === "decoder" ? half : found.get(l === 0 ? "tokens" : `block.${l - 1}`),
              projection: found.get(`${part}.${l}.mssa.projection`),
              half: part === "decoder" ? output : half, // what attention leaves
              output,
              subspaces: mssa && { U: mssa.U, heads: mssa.options.heads },
            },
            PRECISION,
          );
          for (const name of ["authorsRate", "nonZero"] as const)
            for (const value of measures[name] ?? []) this.samplesOf(part, l, name).push(value);
        }, "measure layer");
  }

  private samplesOf(part: string, l: number, name: TokenMeasure): number[] {
    const key = `${part}.${l}.${name}`;
    const known = this.samples.get(key) ?? [];
    this.samples.set(key, known);
    return known;
  }

  measures(): Measured {
    const of = (part: "block" | "decoder", count: number): PartMeasures => {
      const means = (name: TokenMeasure) =>
        Array.from({ length: count }, (_, l) => {
          const values = this.samplesOf(part, l, name);
          return values.length > 0 ? estimate(values).mean : null;
        });
      return { rate: means("authorsRate"), nonZero: means("nonZero") };
    };
    return { encoder: of("block", this.mae.blocks.length), decoder: of("decoder", this.mae.decoder.length) };
  }
}

/** Measures a checkpoint on whole images beside the untrained weights. */
export const inspectMae: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["mae"], "inspecting a masked autoencoder");
  const { recipe, checkpoint } = run;
  try {
    const source = await someOf(recipe.data, options.split, options.samples, recipe.model.imageSize);
    using mae = restoreMae(recipe, checkpoint);
    using fresh = buildMae(recipe, source.channels);
    const { augment: _, ...given } = maeBatches(recipe, source, "cpu");
    const [after, before] = [new Meter(mae), new Meter(fresh)];
    let states: { aligned: Tensor; undone: number[] } | undefined;
    try {
      for await (const { images } of batches(source, { ...given, batchSize: AT_ONCE })) {
        pass(fresh, images, (found) => before.add(found));
        pass(mae, images, (found) => {
          after.add(found);
          states ??= { aligned: keep(alignment(mae, found)), undone: undoing(mae, found) };
        });
      }
      return writeFindings(
        folder,
        run,
        findings(folder, { before: before.measures(), after: after.measures(), ...states! }),
        options,
      );
    } finally {
      states?.aligned.dispose();
      await source.close();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
};

interface Parts {
  before: Measured;
  after: Measured;
  aligned: Tensor;
  undone: readonly number[];
}

function findings(folder: string, { before, after, aligned, undone }: Parts) {
  const [M, L] = aligned.shape as [number, number];
  const values = aligned.numbers();
  const matched = (l: number): number | null => (L - 1 - l >= 0 ? values[l * L + (L - 1 - l)]! : null);
  const row = (part: "encoder" | "decoder", l: number) => ({
    part,
    layer: l + 1,
    "R^c before": before[part].rate[l]!,
    "R^c": after[part].rate[l]!,
    "non-zeros before": before[part].nonZero[l]!,
    "non-zeros": after[part].nonZero[l]!,
    "CKA with its encoder layer": part === "decoder" && M === L ? matched(l) : null,
    "cosine, layer undone": part === "decoder" && undone.length > 0 ? undone[l]! : null,
  });
  const rows = (["encoder", "decoder"] as const).flatMap((part) =>
    after[part].rate.map((_, l) => row(part, l)),
  );
  const figures = new Map<string, Figure>();
  const add = (name: string, made: Figure | undefined) => made && figures.set(name, made);
  if (after.encoder.rate.some((value) => value !== null))
    add(
      "rates",
      layers("R^c of LN(Z)U per layer, as the authors measure it", "R^c (nats)", before, after, "rate"),
    );
  add(
    "non-zeros",
    layers("Share of non-zeros after each layer", "share that is not 0", before, after, "nonZero"),
  );
  add("inversion", inversionFigure(values, M, L));
  add(
    "training",
    curves(
      folder,
      { "eval/masked": "masked error", "eval/meanFill": "mean fill" },
      "Error on removed patches of the test images",
      "mean squared error",
    ),
  );
  const diagonal = M === L ? Array.from({ length: L }, (_, l) => matched(l)!) : [];
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const numbers = {
    ...(diagonal.length > 0 && { "mean CKA of decoder layer l with encoder layer L − l": mean(diagonal) }),
    "mean CKA of all pairs": mean(values),
    ...(undone.length > 0 && { "mean cosine of an undone layer with what went in": mean(undone) }),
  };
  return { numbers, rows, figures };
}

/** One measure over the layers of both parts, untrained dashed. */
function layers(
  title: string,
  label: string,
  before: Measured,
  after: Measured,
  measure: keyof PartMeasures,
): Figure {
  const series = (["encoder", "decoder"] as const).flatMap((part, tone) =>
    [before, after].map((measured) => ({
      name: `${part}, ${measured === before ? "untrained" : "trained"}`,
      x: measured[part][measure].map((_, l) => l + 1),
      y: measured[part][measure],
      marker: "circle" as const,
      tone,
      ...(measured === before && { stroke: "dashed" as const }),
    })),
  );
  return figure({ title }, lineChart({ series, x: { label: "layer" }, y: { label } }));
}

/** Decoder layers down, encoder layers across: on the falling diagonal from the right if the decoder runs backwards. */
function inversionFigure(values: readonly number[], rows: number, columns: number): Figure {
  const names = (length: number) => Array.from({ length }, (_, i) => String(i + 1));
  const chart = heatMap({
    ...{ rows, columns, values, min: 0, max: 1, annotate: rows * columns <= 150, label: "CKA" },
    x: { label: "before encoder layer", names: names(columns) },
    y: { label: "after decoder layer", names: names(rows) },
  });
  return figure({ title: "Tokens after each decoder layer beside those before each encoder layer" }, chart);
}
