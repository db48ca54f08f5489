/**
 * @file How fast is a training step (forward, loss, gradients, AdamW), how much memory does it take, and how near does
 * it come to what the cores can multiply: CRATE-Tiny/16 at 224 pixels, and the model of the demo.
 */

import { crossEntropy } from "../src/method/supervised/supervised.ts";
import { createModel } from "../src/model/index.ts";
import { random } from "../src/tensor/index.ts";
import type { Precision } from "../src/train/index.ts";
import { type CrateSizes, stepFlops } from "./flops.ts";
import { type Bench, type Context, compare, type Goal, interleave, type Row } from "./harness.ts";
import { hasAmx } from "./machine.ts";
import { matmulPeak } from "./matmul.bench.ts";
import { Side } from "./side.ts";
import { median } from "./statistics.ts";
import { steps } from "./steps.ts";

interface Setting {
  model: CrateSizes;
  batch: number;
  precision: Precision;
  optimizer: "adamw" | "lion";
}

const SMOOTHING = 0.1;

export function own({ model, batch, precision, optimizer }: Setting): (iterations: number) => void {
  const module = createModel("crate", model, random(0));
  const images = random(1).normal([batch, model.channels, model.imageSize, model.imageSize]);
  const labels = random(2).integers([batch], 0, model.classes);
  return steps(module, precision, () => crossEntropy(module.apply(images), labels, SMOOTHING), optimizer);
}

const TINY: CrateSizes = {
  imageSize: 224,
  patch: 16,
  channels: 3,
  classes: 1000,
  dim: 384,
  depth: 12,
  heads: 6,
  headDim: 64,
};
/** recipes/digits.yaml */
const DIGITS: CrateSizes = {
  imageSize: 28,
  patch: 4,
  channels: 1,
  classes: 10,
  dim: 64,
  depth: 4,
  heads: 4,
  headDim: 16,
};
const SMALLEST: CrateSizes = { ...DIGITS, imageSize: 8, dim: 8, depth: 1, heads: 2, headDim: 4 };

/** The same setting for both sides, the peer's in Python's spelling. */
function sides(setting: Setting, threads: number): Promise<[Side, Side]> {
  const { imageSize: image_size, headDim: head_dim, ...rest } = setting.model;
  const { optimizer: optimiser, precision, batch } = setting;
  const model = { image_size, head_dim, ...rest };
  return Promise.all([
    Side.ours("train-step", setting, threads),
    Side.peer("train-step", { model, batch, precision, optimiser }, threads),
  ]);
}

interface Case {
  what: string;
  model: CrateSizes;
  batch: number;
  precisions: readonly Precision[];
  plan: { rounds: number; iterations: number; warmup: number };
  /** Goals of the ratio to the peer in the same precision. */
  goals: Partial<Record<Precision, number>>;
}

async function measure(setting: Case, { threads, say }: Context, peaks: Record<Precision, number>) {
  const { what, model, batch, precisions, plan, goals } = setting;
  const started = precisions.map((precision) =>
    sides({ model, batch, precision, optimizer: "adamw" }, threads),
  );
  const pairs = await Promise.all(started);
  say(`train-step: ${what}, ${precisions.join(" and ")}`);
  const seconds = await interleave(pairs.flat(), plan);
  const speed = (value: number) => batch / value;
  const rows: Row[] = [];
  const row = (
    name: string,
    unit: string,
    values: Pick<Row, "ours" | "peer" | "ratio" | "note">,
    goal?: Goal,
  ) => rows.push({ question: "train-step", what: `${what} ${name}`, unit, ...values, ...(goal && { goal }) });

  for (const [i, precision] of precisions.entries()) {
    const [ours, peer] = [seconds[2 * i]!, seconds[2 * i + 1]!];
    const goal = applies(precision) ? goals[precision] : undefined;
    const speeds = compare(ours, peer, speed);
    row(
      precision,
      "images/s",
      speeds,
      goal === undefined ? undefined : { of: "ratio", at: "least", value: goal },
    );
    if (precision === "bf16" && precisions[0] === "fp32") {
      const wider = compare(ours, seconds[1]!, speed);
      const goal: Goal = { of: "ratio", at: "least", value: 4 };
      row("bf16, peer fp32", "images/s", wider, applies("bf16") ? goal : undefined);
    }
    const share = stepFlops(model, batch, "merged") / median(ours) / 1e9 / peaks[precision];
    const theirs = stepFlops(model, batch, "coded") / median(peer) / 1e9 / peaks[precision];
    const note = `of ${peaks[precision].toFixed(0)} GFLOP/s`;
    row(`${precision}, share of peak`, "%", {
      ours: exactly(100 * share),
      peer: exactly(100 * theirs),
      note,
    });
  }
  for (const [i, precision] of precisions.entries()) {
    const [ours, peer] = await Promise.all(pairs[i]!.map((side) => side.memory()));
    const mebibytes = compare([ours!.peak], [peer!.peak], (bytes) => bytes / 2 ** 20);
    row(`${precision}, peak memory`, "MiB", mebibytes, { of: "ratio", at: "most", value: 1 });
  }
  await Promise.all(pairs.flat().map((side) => side.close()));
  return rows;
}

/** The goals for bf16 are for processors with matrix units. */
const applies = (precision: Precision): boolean => precision === "fp32" || hasAmx();
const exactly = (value: number) => ({ median: value, mad: 0 });

export const bench: Bench = {
  name: "train-step",
  about: "a training step of CRATE-Tiny/16 and of the demo's model, against eager PyTorch",
  peer: "torch",
  async run(context) {
    const { quick, threads } = context;
    const size = quick ? 64 : 2048;
    const peaks = {
      fp32: await matmulPeak(size, "fp32", threads),
      bf16: await matmulPeak(size, "bf16", threads),
    };
    const both = ["fp32", "bf16"] as const;
    if (quick) {
      const plan = { rounds: 2, iterations: 1, warmup: 1 };
      const tiny = { what: "smallest", model: SMALLEST, batch: 2, precisions: both, plan, goals: {} };
      return measure(tiny, context, peaks);
    }
    const tiny: Case = {
      what: "CRATE-Tiny/16, batch 32,",
      model: TINY,
      batch: 32,
      precisions: both,
      plan: { rounds: 7, iterations: 2, warmup: 2 },
      goals: { fp32: 1.3, bf16: 1.6 },
    };
    const digits: Case = {
      what: "demo's model, batch 64,",
      model: DIGITS,
      batch: 64,
      precisions: ["fp32"],
      plan: { rounds: 15, iterations: 50, warmup: 50 },
      goals: { fp32: 1.5 },
    };
    return [...(await measure(tiny, context, peaks)), ...(await measure(digits, context, peaks))];
  },
};
