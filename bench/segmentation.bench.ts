/** @file How long one image takes: the attention of all heads, and MaskCut, of CRATE-Small/8 at 224 pixels. */

import { look, maskCut } from "../src/evaluate/segment/index.ts";
import { createModel, type DrawnClassifier } from "../src/model/index.ts";
import { keep, random, scope } from "../src/tensor/index.ts";
import { type Bench, interleave, type Row } from "./harness.ts";
import { Side } from "./side.ts";
import { summarise } from "./statistics.ts";

interface Setting {
  model: { imageSize: number; patch: number; channels: number; dim: number; depth: number; heads: number };
  /** MaskCut of the heads' features beside one another, or of each head's alone. */
  cuts: "together" | "each";
}

export function own({ model, cuts }: Setting): (iterations: number) => void {
  const { imageSize, channels, heads, dim } = model;
  const headDim = dim / heads;
  const net = createModel("crate", { ...model, headDim, classes: 10 }, random(0)) as DrawnClassifier;
  const image = keep(random(1).normal([channels, imageSize, imageSize]));
  const once = () => {
    using seen = look(net, image);
    const last = seen.features.at(-1)!; //                                        [N, K p]
    if (cuts === "together") maskCut(last, seen.grid);
    else for (let head = 0; head < heads; head++) maskCut(last.narrow(1, head * headDim, headDim), seen.grid);
  };
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(once);
  };
}

const SMALL = { imageSize: 224, patch: 8, channels: 3, dim: 384, depth: 12, heads: 6 };
const SMALLEST = { imageSize: 16, patch: 4, channels: 3, dim: 8, depth: 1, heads: 2 };

export const bench: Bench = {
  name: "segmentation",
  about: "one image of 224 pixels through CRATE-Small/8: attention of all heads, and MaskCut",
  peer: false,
  async run({ quick, threads, say }) {
    const model = quick ? SMALLEST : SMALL;
    const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 7, iterations: 1, warmup: 1 };
    const cuts = ["together", "each"] as const;
    say("segmentation: one image");
    const sides = await Promise.all(cuts.map((cuts) => Side.ours("segmentation", { model, cuts }, threads)));
    const seconds = await interleave(sides, plan);
    await Promise.all(sides.map((side) => side.close()));
    return cuts.map(
      (cuts, i): Row => ({
        question: "segmentation",
        what: `attention of all heads, MaskCut ${cuts === "each" ? "of each head" : "of all heads together"}`,
        ...{ unit: "s", ours: summarise(seconds[i]!), goal: { of: "ours", at: "most", value: 3 } },
      }),
    );
  },
};
