/** @file A closed loop walked through: what it makes of images, along a class's components, between two images. */

import { z } from "zod";
import { type ImageSource, sourceSubset } from "../../data/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { classModel } from "../../method/ctrl/class-model.ts";
import { interpolate, transcribe } from "../../method/ctrl/pictures.ts";
import type { Players } from "../../method/ctrl/players.ts";
import { restorePlayers, withImageSize } from "../../method/ctrl/run.ts";
import { measureStatisticsOf } from "../../method/inspect-features.ts";
import { openRunOf } from "../../method/load-run.ts";
import { isOf } from "../../method/recipe.ts";
import { toSphere } from "../../nn/index.ts";
import { noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import type { TraverseAnswer, TraverseAsked } from "../shapes.ts";
import { checked, checkpoint, index } from "./asked.ts";
import { held } from "./held.ts";
import { heldSplit, withImagesAt } from "./images.ts";
import { toPixels } from "./pixels.ts";

const common = { checkpoint, steps: z.int().min(2).max(24) };
const transcribing = z.object({ ...common, kind: z.literal("transcribe"), from: index, count: z.int().min(1).max(64) }); // biome-ignore format: one line
const walking = z.object({
  ...common,
  ...{ kind: z.literal("traverse"), class: index, start: index },
  ...{ components: z.int().min(1).max(16), reach: z.number().min(0.01).max(10) },
});
const between = z.object({ ...common, kind: z.literal("interpolate"), a: index, b: index });
const schema = z.union([transcribing, walking, between]) satisfies z.ZodType<TraverseAsked>;

interface Loop {
  players: Players;
  imageSize: number;
  source: ImageSource;
}

/** Images that a class's components are found with, for all classes together. */
const FITTED = 2000;

/** @throws {UsageError} a run of another method; a class or place that is not there */
export async function traverse(folder: string, asked: unknown): Promise<TraverseAnswer> {
  const given = checked(schema, asked);
  const { players, recipe } = await held(folder, given.checkpoint, "players", () => open(folder, given.checkpoint)); // biome-ignore format: short
  const { imageSize } = withImageSize(recipe).model;
  const source = await heldSplit(withImageSize(recipe), "test");
  const loop = { players, imageSize, source };
  const about = { classes: [...source.classes], total: source.count };
  if (given.kind === "transcribe") return { ...about, ...(await transcribed(loop, given)) };
  if (given.kind === "interpolate") return { ...about, ...(await walked(loop, given)) };
  const some = evenly(source, FITTED);
  return { ...about, ...(await alongComponents({ ...loop, source: some }, given)) };
}

/** So many images, at even distances: sorted classes take part alike. */
function evenly(source: ImageSource, most: number): ImageSource {
  const count = Math.min(most, source.count);
  return sourceSubset(source, Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.count) / count))); // biome-ignore format: short
}

async function open(folder: string, which: string) {
  const { recipe, checkpoint } = openRunOf(folder, which, ["ctrl", "ictrl"], "walking a closed loop");
  try {
    const players = restorePlayers(recipe, checkpoint, "cpu");
    // those of i-CTRL are a part of its first model
    if (isOf(recipe, "ctrl")) await measureStatisticsOf(players, recipe, withImageSize(recipe).model.imageSize); // biome-ignore format: short
    return { players, recipe, [Symbol.dispose]: () => players.dispose() };
  } finally {
    freeCheckpoint(checkpoint);
  }
}

type Answer = Omit<TraverseAnswer, "classes" | "total">;

/** [−1, 1] → [0, 1] */
const shown = (X: Tensor): Tensor => X.add(1).div(2);
const pictures = (X: Tensor) => shown(X).unbind(0).map(toPixels);
/** Images in [−1, 1], as the loop takes them. */
const images = (loop: Loop, places: readonly number[], body: (X: Tensor) => Answer) =>
  withImagesAt(loop.source, places, loop.imageSize, (pixels) => noGrad(() => body(pixels.mul(2).sub(1))));

function transcribed(loop: Loop, { from, count }: z.infer<typeof transcribing>): Promise<Answer> {
  const { count: total, labels: all } = loop.source;
  const places = Array.from({ length: Math.min(count, total - from) }, (_, i) => from + i);
  return images(loop, places, (X) => {
    const made = transcribe(loop.players.nets, X);
    const labels = places.map((place) => all[place]!);
    const errors = shown(made).sub(shown(X)).square().mean([1, 2, 3]).numbers();
    const originals = { name: "originals", pictures: pictures(X), labels };
    return { rows: [originals, { name: "transcriptions", pictures: pictures(made), labels }], errors };
  });
}

function walked(loop: Loop, { a, b, steps }: z.infer<typeof between>): Promise<Answer> {
  return images(loop, [a, b], (X) => {
    const { encoder, decoder } = loop.players.nets;
    encoder.eval();
    const Z = encoder.apply(X); //                                               [2, d]
    const [A, B] = [Z.narrow(0, 0, 1), Z.narrow(0, 1, 1)];
    const row = interpolate(decoder, A, B, steps).select(0, 0); //               [steps, c, H, W]
    const cosine = toSphere(A).mul(toSphere(B)).sum().item();
    const t = Array.from({ length: steps }, (_, i) => i / (steps - 1));
    return { rows: [{ name: `${a} to ${b}`, pictures: pictures(row) }], cosine, t };
  });
}

/** From one image of a class along each of its components, t from −reach to reach. */
async function alongComponents(
  { players: { nets }, imageSize, source }: Loop,
  { class: label, start, components, steps, reach }: z.infer<typeof walking>,
): Promise<Answer> {
  if (label >= source.classes.length)
    throw new UsageError(`class: expected 0 to ${source.classes.length - 1}, got ${label}`);
  using features = await featuresOf(nets.encoder, source, { imageSize });
  return noGrad(() =>
    scope(() => {
      const Z = features.Z.index([features.labels.eq(label)]); //                [n_k, d]
      const most = Math.min(Z.size(0) - 1, Z.size(1));
      if (most < 1) throw new UsageError(`class ${label}: expected two images or more, got ${Z.size(0)}`);
      const model = classModel(Z, Math.min(components, most));
      const z = Z.narrow(0, Math.min(start, Z.size(0) - 1), 1);
      const t = Array.from({ length: steps }, (_, i) => reach * ((2 * i) / (steps - 1) - 1));
      nets.decoder.eval();
      const rows = model.components.unbind(0).map((v, j) => ({
        name: `component ${j + 1}`,
        pictures: t.map((at) => toPixels(shown(nets.decoder.apply(toSphere(z.add(v.mul(at))))).select(0, 0))),
      }));
      const all = Z.sub(Z.mean(0))
        .square()
        .sum()
        .div(Z.size(0) - 1)
        .item();
      return { rows, t, shares: model.variances.numbers().map((variance) => variance / all) };
    }, "traverse"),
  );
}
