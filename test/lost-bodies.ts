/** @file What processes do in `lost.test.ts` that no recipe makes happen. */

import { agree } from "../src/method/world.ts";
import { type Linear, linear } from "../src/nn/index.ts";
import { type Group, noGrad, random, type Tensor, tensor } from "../src/tensor/index.ts";
import { Descent } from "../src/train/descent.ts";
import type { Learner } from "../src/train/learner.ts";
import { runSteps } from "../src/train/loop.ts";
import { weights } from "../src/train/stateful.ts";

/** A line through numbers; what goes wrong on rank 1 at a step is given. */
class Line implements Learner<number> {
  readonly parts;
  readonly descent: Descent;

  constructor(
    private readonly net: Linear,
    private readonly group: Group,
    readonly steps: number,
    private readonly wrong: (x: number, net: Linear, at: number) => number,
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
    const X = tensor([[1, this.group.rank === 1 ? this.wrong(2, this.net, at) : 2]]);
    const loss = (): Tensor => this.net.apply(X).square().mean().div(2);
    const { loss: found } = this.descent.step([loss], at, { inputs: [X] });
    return { "train/loss": found };
  }
}

/** Trains the line; what its error says, and the weights that it leaves. */
async function train(group: Group, steps: number, wrong: Line["wrong"], seed = 1): Promise<unknown> {
  using net = linear(2, 1, random(seed));
  const learner = new Line(net, group, steps, wrong);
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

/** A number that is none in the third step. */
export const notFinite = (group: Group): Promise<unknown> =>
  train(group, 6, (x, _, at) => (at === 2 ? Number.NaN : x));

/** A weight that is moved, in the 121st step of 250, by less than anyone would see. */
export const moved = (group: Group): Promise<unknown> =>
  train(group, 250, (x, net, at) => {
    if (at === 120) noGrad(() => void net.parameters()[0]!.mul_(1 + 1e-6));
    return x;
  });

/** Ranks that agree on their recipe but not on a version. */
export function versions(group: Group): unknown {
  const { rank } = group;
  return ["vitrine", "libtorch"].map((name) => {
    try {
      agree(group, { output: "", settings: {} }, { vitrine: 1, libtorch: 1, [name]: rank });
      return "they agree";
    } catch (error) {
      const { message, exitCode } = error as Error & { exitCode?: number };
      return [exitCode, message];
    }
  });
}

/** A weight that is another one from the start. */
export const other = (group: Group): Promise<unknown> => train(group, 6, (x) => x, 1 + group.rank);
