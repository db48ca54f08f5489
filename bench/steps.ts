/** @file Training steps of one model in fp32 and bf16, beside the peer's in both. */

import type { Module } from "../src/nn/index.ts";
import { gradients, scope, type Tensor } from "../src/tensor/index.ts";
import { createOptimizer } from "../src/train/optimizer.ts";
import { inPrecision, type Precision } from "../src/train/precision.ts";
import { type Context, compare, type Goal, interleave, type Plan, type Row } from "./harness.ts";
import { Side } from "./side.ts";

/** Forward, gradients, an update, and the loss as a number, as often as asked. */
export function steps(
  model: Module,
  precision: Precision,
  lossOf: () => Tensor,
  optimizer = "adamw",
): (iterations: number) => void {
  const named = model.namedParameters();
  const parameters = [...named.values()];
  const update = createOptimizer(optimizer, named, { weightDecay: 0.05 });
  const step = () => {
    const loss = inPrecision(precision, "cpu", lossOf);
    update.step(gradients(loss, parameters), 1e-4);
    return loss.item();
  };
  return (iterations) => {
    for (let i = 0; i < iterations; i++) scope(step);
  };
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
  plan: Plan;
  /** Ratios to the peer's fp32; none for a size that says nothing. */
  goals?: Record<Precision, number>;
}

/** Speeds in fp32 and bf16 against the peer's fp32, bf16 against its bf16, and peak memory. */
export async function stepRows(one: StepCase, { threads, say }: Context): Promise<Row[]> {
  const { question, what, perStep, plan, goals } = one;
  const both = ["fp32", "bf16"] as const;
  const ours = both.map((precision) => Side.ours(question, { ...one.setting, precision }, threads));
  const peers = both.map((precision) => Side.peer(question, { ...one.peerSetting, precision }, threads));
  const sides = await Promise.all([ours[0]!, peers[0]!, ours[1]!, peers[1]!]);
  say(`${question}: ${what}, fp32 and bf16`);
  const [fp32, peer32, bf16, peer16] = (await interleave(sides, plan)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const speed = (seconds: number) => perStep / seconds;
  const row = (name: string, mine: number[], theirs: number[], least?: number): Row => ({
    ...{ question, what: `${what} ${name}`, unit: one.unit, ...compare(mine, theirs, speed) },
    ...(least !== undefined && { goal: { of: "ratio", at: "least", value: least } }),
  });
  const rows = [
    row("fp32", fp32, peer32, goals?.fp32),
    row("bf16, peer fp32", bf16, peer32, goals?.bf16),
    row("bf16", bf16, peer16),
  ];
  const memory = await Promise.all(sides.map(async (side) => (await side.memory()).peak / 2 ** 20));
  const most: Goal = { of: "ratio", at: "most", value: 1 };
  for (const [i, precision] of both.entries()) {
    const sizes = compare([memory[2 * i]!], [memory[2 * i + 1]!], (mebibytes) => mebibytes);
    rows.push({ question, what: `${what} ${precision}, peak memory`, unit: "MiB", ...sizes, goal: most });
  }
  await Promise.all(sides.map((side) => side.close()));
  return rows;
}
