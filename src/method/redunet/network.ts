/** @file A ReduNet as a network: what it makes of samples after each layer. */

import { Module } from "../../nn/index.ts";
import { scope, type Tensor } from "../../tensor/index.ts";
import { type Network, type NetworkOf, networkOf } from "../network.ts";
import { stepLayer } from "./layer.ts";
import type { RedunetRecipe } from "./recipe.ts";
import { enter, type ReduNet } from "./redunet.ts";
import { restoreReduNet } from "./run.ts";

/** Shows `block.ℓ`, the features after layer ℓ, and `block.ℓ.membership`, those that the layer estimates. */
class Watched extends Module {
  constructor(readonly net: ReduNet) {
    super();
  }

  /** Features and memberships of the last layer. */
  both(X: Tensor): { memberships: Tensor; features: Tensor } {
    return scope(() => {
      const { spectrum, layers, settings, kernel } = this.net;
      let V = enter(X, spectrum, kernel);
      let last: { memberships: Tensor; features: Tensor } | undefined;
      for (const [l, layer] of layers.entries()) {
        const stepped = stepLayer(V, layer, spectrum, settings);
        V = stepped.V;
        const memberships = this.probe(`block.${l}.membership`, stepped.memberships);
        last = { memberships, features: this.probe(`block.${l}`, spectrum.inverse(V)) };
      }
      return last!;
    }, "redunet");
  }

  protected forward(X: Tensor): Tensor {
    return this.both(X).features;
  }
}

/** Samples → memberships, rows sum to 1, and features of norm 1. */
export function redunetAsNetwork(net: ReduNet, classes?: readonly string[]): Network {
  const { spectrum, kernel } = net;
  const shape = [kernel?.size(1) ?? spectrum.channels, ...spectrum.grid];
  const model = new Watched(net);
  const input = { name: "sample", kind: "features", shape } as const;
  const network = networkOf("redunet", model, [input], (X) => model.both(X!), classes);
  return { ...network, [Symbol.dispose]: () => net.dispose() };
}

export const redunetNetwork: NetworkOf<RedunetRecipe> = (recipe, { checkpoint }) =>
  redunetAsNetwork(restoreReduNet(recipe, checkpoint));
