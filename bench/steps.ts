/** @file Training steps of one model, beside every form of the peer. */

import type { Module } from "../src/nn/index.ts";
import { bfloat16Sets, gradients, scope, type Tensor } from "../src/tensor/index.ts";
import type { OperatorTime } from "../src/tensor/profile.ts";
import { createOptimizer } from "../src/train/optimizer.ts";
import { inPrecision, type Precision } from "../src/train/precision.ts";
import { type Context, compare, type Goal, interleave, type Plan, type Row } from "./harness.ts";
import { Side } from "./side.ts";
import { median } from "./statistics.ts";

/** What our side of a step is told. */
export interface StepSetting<Model> {
  model: Model;
  batch: number;
  precision: Precision;
  device: string;
}

/** Forward, gradients, an update, and the loss as a number, as often as asked; the model moves to the device. */
export function steps(
  model: Module,
  { precision, device }: Pick<StepSetting<unknown>, "precision" | "device">,
  lossOf: () => Tensor,
  optimizer = "adamw",
): (iterations: number) => void {
  const named = model.to(device).namedParameters();
  const parameters = [...named.values()];
  const update = createOptimizer(optimizer, named, { weightDecay: 0.05 });
  const step = () => {
    const loss = inPrecision(precision, device, lossOf);
    update.step(gradients(loss, parameters), 1e-4);
    return loss.item();
  };
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(step);
  };
}

/**
 * How the peer computes: as the authors' code does, or with the least work that PyTorch allows for the same numbers (one
 * product in ISTA, fused attention, a fused optimiser); eager, or compiled.
 */
const FORMS = ["coded", "least work", "coded, compiled", "least work, compiled"] as const;

/** Least ratios of speeds. */
export interface StepGoals {
  fastest: number;
  /** To the eager peer as coded. */
  coded?: number;
}

export interface StepCase {
  /** The bench, and the peer's task. */
  question: string;
  what: string;
  /** What is counted, and how many of them a step takes. */
  unit: string;
  perStep: number;
  /** For our side and for the peer, whose names differ. */
  setting: object;
  peerSetting: object;
  precisions: readonly Precision[];
  plan: Plan;
  /** None for a size that says nothing. */
  goals?: Partial<Record<Precision, StepGoals>>;
  /** Floating-point operations of a step, and how many a second the processor does in large products; least share, in %. */
  work?: {
    flops: number;
    peaks: Partial<Record<Precision, number>>;
    shares: Partial<Record<Precision, number>>;
  };
}

const least = (value: number | undefined, of: Goal["of"] = "ratio"): { goal?: Goal } =>
  value === undefined ? {} : { goal: { of, at: "least", value } };

/** Speed and peak memory against the fastest form of the peer, and speed against each. */
export async function stepRows(one: StepCase, context: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const precision of one.precisions)
    if (precision === "bf16" && !context.quick && context.device === "cpu" && bfloat16Sets().length === 0)
      context.say(`${one.question}: bf16 skipped: this processor has no products of bf16`);
    else rows.push(...(await inOne(one, precision, context)));
  return rows;
}

async function inOne(one: StepCase, precision: Precision, { threads, device, say }: Context): Promise<Row[]> {
  const { question, plan, unit, work } = one;
  const what = `${one.what} ${precision}${device === "cpu" ? "" : ` on ${device}`}`;
  say(`${question}: ${what}`);
  const own = await Side.ours(question, { ...one.setting, precision, device }, threads);
  const peers: { form: string; side: Side }[] = [];
  for (const form of FORMS) {
    const side = await Side.peer(question, { ...one.peerSetting, precision, form, device }, threads);
    try {
      await side.run(1); // compiles what is compiled
      peers.push({ form, side });
    } catch (error) {
      say(`${question}: no peer "${form}": ${(error as Error).message}`);
    }
  }
  const sides = [own, ...peers.map(({ side }) => side)];
  const [ours, ...theirs] = (await interleave(sides, plan)) as [number[], ...number[][]];
  const memory = await Promise.all(sides.map(async (side) => (await side.memory()).peak / 2 ** 20));
  const operators = await own.profile();
  await Promise.all(sides.map((side) => side.close()));

  const fastest = theirs.reduce((best, _, i) => (median(theirs[i]!) < median(theirs[best]!) ? i : best), 0);
  const goals = one.goals?.[precision];
  const speeds = (i: number) => compare(ours, theirs[i]!, (seconds) => one.perStep / seconds);
  const rows: Row[] = [
    {
      ...{ question, what, unit, ...speeds(fastest), ...least(goals?.fastest) },
      note: `the fastest peer is ${peers[fastest]!.form}`,
    },
    ...peers.map(
      ({ form }, i): Row => ({
        ...{ question, what: `${what}, peer ${form}`, unit, ...speeds(i) },
        ...(form === "coded" && least(goals?.coded)),
      }),
    ),
  ];
  const peak = work?.peaks[precision];
  if (work !== undefined && peak !== undefined) {
    const share = 100 * (work.flops / median(ours) / 1e9 / peak);
    rows.push({
      ...{ question, what: `${what}, share of the peak`, unit: "%", ours: { median: share, mad: 0 } },
      ...least(work.shares[precision], "ours"),
      note: `of ${peak.toFixed(0)} GFLOP/s`,
    });
  }
  const sizes = compare([memory[0]!], [memory[1 + fastest]!], (mebibytes) => mebibytes);
  const most: Goal = { of: "ratio", at: "most", value: 0.6 };
  rows.push({ question, what: `${what}, peak memory`, unit: "MiB", ...sizes, ...(goals && { goal: most }) });
  return [...rows, ...shareRows(question, what, operators)];
}

/** Operators that take a smaller share of a step are left out, %. */
const LEAST = 2;

/** Where the time of a step goes. */
function shareRows(question: string, what: string, operators: readonly OperatorTime[]): Row[] {
  const whole = operators.reduce((sum, { seconds }) => sum + seconds, 0);
  return operators.flatMap(({ operator, seconds }) => {
    const share = (100 * seconds) / whole;
    const ours = { median: share, mad: 0 };
    return share < LEAST ? [] : [{ question, what: `${what}, time in ${operator}`, unit: "%", ours }];
  });
}
