/** @file Batch statistics of a closed loop's nets as its training has them, for looking at what it draws. */

import { batches, type ImageSource } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import type { ClosedLoopNets } from "../../model/index.ts";
import { BatchNorm, type Module } from "../../nn/index.ts";
import { keep, noGrad, scope, type Tensor } from "../../tensor/index.ts";

/** Every batch normalisation below a module. */
const normalisations = (module: Module): BatchNorm[] => [
  ...(module instanceof BatchNorm ? [module] : []),
  ...module.children.flatMap((child) => normalisations(child.module)),
];

/** Images that statistics are taken over, in batches of this size, as in training; a smaller set is one batch. */
const BATCH = 500;
const BATCHES = 6;

/**
 * Replaces the running statistics of f by the means of batch statistics over images X, those of g by the means over f(X).
 *
 * While CTRL learns, f sees images and transcriptions in turn, and its running statistics are of neither; the authors
 * draw with the statistics of the batch. Accuracies are measured with the running ones, as theirs are.
 */
export async function measureStatistics(
  nets: ClosedLoopNets,
  source: ImageSource,
  { imageSize, device = "cpu" }: { imageSize: number; device?: string },
): Promise<void> {
  const all = [nets.encoder, nets.decoder].flatMap(normalisations);
  const sums = all.map(({ mean, variance }) =>
    scope(() => [keep(mean.mul(0)), keep(variance.mul(0))] as const),
  );
  const modes = [nets.encoder.training, nets.decoder.training];
  const given = {
    batchSize: Math.min(BATCH, source.count),
    imageSize,
    device,
    normalise: SYMMETRIC(source.channels),
    dropLast: true,
  };
  let count = 0;
  for (const net of [nets.encoder, nets.decoder]) net.train();
  for await (const { images } of batches(source, given)) {
    noGrad(() =>
      scope(() => {
        for (const { mean, variance } of all) for (const running of [mean, variance]) running.fill_(0);
        nets.decoder.apply(nets.encoder.apply(images));
        // from zero, one step leaves `momentum` times the batch's
        for (const [i, { mean, variance, options }] of all.entries())
          add(sums[i]!, [mean, variance], 1 / (options.momentum ?? 0.1));
      }, "statistics"),
    );
    if (++count === BATCHES) break;
  }
  noGrad(() =>
    scope(() => {
      for (const [i, { mean, variance }] of all.entries()) {
        mean.copy_(sums[i]![0].div(count));
        variance.copy_(sums[i]![1].div(count));
      }
    }),
  );
  for (const tensor of sums.flat()) tensor.dispose();
  nets.encoder.train(modes[0]);
  nets.decoder.train(modes[1]);
}

function add(sums: readonly [Tensor, Tensor], values: readonly [Tensor, Tensor], scale: number): void {
  sums.forEach((sum, i) => void sum.add_(values[i]!.mul(scale)));
}
