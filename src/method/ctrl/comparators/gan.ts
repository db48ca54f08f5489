/** @file Generative adversarial nets on CTRL's nets: DCGAN's logarithmic loss and SNGAN's hinge. */

import {
  type ClosedLoopNets,
  DcganDecoder,
  DcganEncoder,
  SnganDecoder,
  SnganEncoder,
} from "../../../model/index.ts";
import { noGrad, operator, type Random, run, scope, type Tensor } from "../../../tensor/index.ts";
import { Players, type PlayersOptions } from "../players.ts";

const SOFTPLUS = operator("softplus");

export type GanKind = "dcgan" | "sngan";

export interface GanOptions {
  channels: number;
  /** Dimension of the noise. */
  features: number;
  width?: number | undefined;
}

/** Adam's betas, steps of the discriminator per step of the generator, and learning rate, as these nets are trained. */
export const GAN_SETTINGS = {
  dcgan: { betas: [0.5, 0.999], inner: 1, lr: 2e-4 },
  sngan: { betas: [0, 0.9], inner: 5, lr: 2e-4 },
} as const;

/** CTRL's encoder with one number per image as discriminator, its decoder as generator: for 32 × 32 images. */
export function ganPlayers(
  kind: GanKind,
  { channels, features, width }: GanOptions,
  random: Random,
  how: PlayersOptions = {},
): Players {
  const nets = scope((): ClosedLoopNets => {
    const [f, g] = [random.at("encoder"), random.at("decoder")];
    if (kind === "sngan") {
      const common = { size: 32, channels, ...(width && { width }) } as const;
      const encoder = new SnganEncoder({ ...common, features: 1, plain: true }, f);
      return { encoder, decoder: new SnganDecoder({ ...common, features }, g) };
    }
    const w = width ?? 64;
    const common = { channels, names: "flat" } as const;
    const encoder = new DcganEncoder({ ...common, features: 1, widths: [w, 2 * w, 4 * w], plain: true }, f);
    return { encoder, decoder: new DcganDecoder({ ...common, features, widths: [4 * w, 2 * w, w] }, g) };
  }, "gan");
  return new Players(nets, GAN_SETTINGS[kind].betas, how);
}

const softplus = (x: Tensor): Tensor => run(SOFTPLUS, x.h, 1, 20);

/**
 * What the discriminator descends, of scores of real and of made images [b, 1]:
 * −log σ(real) − log(1 − σ(made)), or with the hinge max(0, 1 − real) + max(0, 1 + made).
 */
export const discriminatorLoss = (kind: GanKind, real: Tensor, made: Tensor): Tensor =>
  kind === "dcgan"
    ? softplus(real.neg()).mean().add(softplus(made).mean())
    : real.neg().add(1).relu().mean().add(made.add(1).relu().mean());

/** What the generator descends: −log σ(made), which does not saturate, or −made with the hinge. */
export const generatorLoss = (kind: GanKind, made: Tensor): Tensor =>
  kind === "dcgan" ? softplus(made.neg()).mean() : made.mean().neg();

/**
 * Steps of the discriminator on these images, each against images from other noise, and one of the generator.
 * @param random stream of this step's noise
 */
export function ganStep(
  kind: GanKind,
  players: Players,
  images: Tensor,
  random: Random,
  { features, lr = GAN_SETTINGS[kind].lr }: { features: number; lr?: number },
): { discriminator: number; generator: number } {
  const { encoder: f, decoder: g } = players.nets;
  const noise = (i: number) =>
    random.at(`noise.${i}`).normal([images.size(0), features], { device: images.device });
  const { inner } = GAN_SETTINGS[kind];
  let discriminator = Number.NaN;
  for (let i = 0; i < inner; i++)
    discriminator = players.descend("encoder", lr, () => {
      const made = noGrad(() => g.apply(noise(i)));
      return discriminatorLoss(kind, f.apply(images), f.apply(made));
    });
  const generator = players.descend("decoder", lr, () => generatorLoss(kind, f.apply(g.apply(noise(inner)))));
  return { discriminator, generator };
}
