/** @file A variational autoencoder on the same nets, to compare closed-loop transcription with. */

import { DcganDecoder, DcganEncoder } from "../../../model/index.ts";
import { type Random, scope, type Tensor } from "../../../tensor/index.ts";
import { Players, type PlayersOptions } from "../players.ts";

export interface VaeOptions {
  channels: number;
  /** Dimension of the code. */
  features: number;
  /** Channels of the first stage. */
  width?: number | undefined;
}

/** CTRL's nets with an encoder that gives mean and log variance, 2 · features numbers, not on the sphere. */
export function vaePlayers(
  { channels, features, width: w = 64 }: VaeOptions,
  random: Random,
  how: PlayersOptions = {},
): Players {
  return scope(() => {
    const common = { channels, names: "flat" } as const;
    const widths = [w, 2 * w, 4 * w] as const;
    const [f, g] = [random.at("encoder"), random.at("decoder")];
    const encoder = new DcganEncoder({ ...common, widths, features: 2 * features, plain: true }, f);
    const decoder = new DcganDecoder({ ...common, widths: [4 * w, 2 * w, w], features }, g);
    return new Players({ encoder, decoder }, [0.9, 0.999], how);
  }, "vae");
}

/**
 * One image's share of the negative evidence bound with a Gaussian decoder of variance ½, up to a constant:
 *
 *     ‖x − g(μ + σ n)‖² + β ½ Σ (μ² + σ² − 1 − log σ²)
 *
 * @param noise standard normal numbers, [b, features]
 * @see Kingma and Welling 2014, the bound
 */
export function vaeLoss({ nets }: Players, images: Tensor, noise: Tensor, beta = 1): Tensor {
  const [mean, logVariance] = nets.encoder.apply(images).to("float32").chunk(2, 1) as [Tensor, Tensor];
  const code = mean.add(noise.mul(logVariance.div(2).exp()));
  const error = images.sub(nets.decoder.apply(code)).square().sum([1, 2, 3]); //  [b]
  const divergence = mean.square().add(logVariance.exp()).sub(1).sub(logVariance).sum(1).div(2);
  return error.add(divergence.mul(beta)).mean();
}

/** One step of both nets down the same loss; Adam at 1e-3 is usual. @returns the loss before the step */
export const vaeStep = (players: Players, images: Tensor, noise: Tensor, lr: number, beta = 1): number =>
  players.descendTogether(lr, () => vaeLoss(players, images, noise, beta));
