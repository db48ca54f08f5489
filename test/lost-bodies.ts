/** @file What processes do in `lost.test.ts` that no recipe makes happen. */

import { type Linear, linear } from "../src/nn/index.ts";
import { type Group, random, type Tensor, tensor } from "../src/tensor/index.ts";
import { Descent } from "../src/train/descent.ts";
import type { Learner } from "../src/train/learner.ts";
import { runSteps } from "../src/train/loop.ts";
import { weights } from "../src/train/stateful.ts";

/** A line through numbers, of which rank 1 has one that is not a number in its third step. */
class Line implements Learner<number> {
  readonly steps = 6;
  readonly parts;
  readonly descent: Descent;

  constructor(
    private readonly net: Linear,
    private readonly group: Group,
  ) {
    this.descent = new Descent(net, { optimizer: { name: "sgd" }, lr: () => 0.1, across: group });
    this.parts = { net: weights(net), descent: this.descent };
  }

  async *batches(from: number): AsyncGenerator<number> {
    for (let at = from; ; at++) yield at;
  }
  size(): number {
    return 2;
  }
  step(_: number, at: number) {
    const bad = this.group.rank === 1 && at === 2;
    const X = tensor([[1, bad ? Number.NaN : 2]]);
    const loss = (): Tensor => this.net.apply(X).square().mean().div(2);
    const { loss: found } = this.descent.step([loss], at, { inputs: [X] });
    return { "train/loss": found };
  }
}

/** Trains the line; what its error says, and the weights that it leaves. */
export async function notFinite(group: Group): Promise<unknown> {
  using net = linear(2, 1, random(1));
  const learner = new Line(net, group);
  const weight = () => [...net.parameters()[0]!.numbers()];
  try {
    const folder = process.env.FOLDER!;
    const how = { keep: 1, logInterval: 5, progress: "none", tensorboard: false } as const;
    await runSteps(learner, { folder, config: {}, ...how, across: group });
    return "it went on";
  } catch (error) {
    return {
      message: (error as Error).message,
      code: (error as { exitCode?: number }).exitCode,
      weight: weight(),
    };
  } finally {
    learner.descent.dispose();
  }
}
