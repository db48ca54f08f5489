/** @file A ReduNet layer by layer: rates while it was built, and how alike samples are behind a layer. */

import { z } from "zod";
import { similarity } from "../../method/ctrl/pictures.ts";
import { openRunOf } from "../../method/load-run.ts";
import { layerNotes, unitFeatures } from "../../method/redunet/inspect.ts";
import { stepLayer } from "../../method/redunet/layer.ts";
import { enter } from "../../method/redunet/redunet.ts";
import { restoreReduNet } from "../../method/redunet/run.ts";
import { samplesOf } from "../../method/redunet/samples.ts";
import { noGrad, scope, tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import type { ConstructAnswer, ConstructAsked } from "../shapes.ts";
import { checked, checkpoint } from "./asked.ts";
import { toNumbers } from "./pixels.ts";

const schema = z.object({
  checkpoint,
  layer: z.int().min(0).max(1e6),
  samples: z.int().min(2).max(400),
}) satisfies z.ZodType<ConstructAsked>;

/** @throws {UsageError} a run of another method, a layer that is not there */
export async function construct(folder: string, asked: unknown): Promise<ConstructAnswer> {
  const { checkpoint: which, layer, samples } = checked(schema, asked);
  const { recipe, checkpoint } = openRunOf(folder, which, ["redunet"], "looking at a construction");
  try {
    using net = restoreReduNet(recipe, checkpoint);
    if (layer > net.layers.length)
      throw new UsageError(`layer: expected 0 to ${net.layers.length}, got ${layer}`);
    const { X, labels, classes } = await samplesOf(recipe, "test");
    try {
      return noGrad(() =>
        scope(() => {
          const n = X.size(0);
          const count = Math.min(samples, n);
          const places = Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
          const at = tensor(BigInt64Array.from(places, BigInt));
          const own = labels.indexSelect(0, at);
          const { spectrum, kernel, settings } = net;
          let V = enter(X.indexSelect(0, at), spectrum, kernel);
          for (const each of net.layers.slice(0, layer))
            V = scope(() => stepLayer(V, each, spectrum, settings).V, "layer");
          const Z = unitFeatures(spectrum.inverse(V));
          const { values } = similarity(Z, Z, own, classes);
          return {
            layers: layerNotes(folder).map(({ top1, ...rates }) => ({ ...rates, accuracy: top1 / 100 })),
            similarity: toNumbers(values),
            labels: own.numbers().sort((a, b) => a - b),
            classes: Array.from({ length: classes }, (_, k) => `${k}`),
          };
        }, "construct"),
      );
    } finally {
      for (const tensor of [X, labels]) tensor.dispose();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
}
