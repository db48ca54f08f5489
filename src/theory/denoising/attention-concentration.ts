/** @file Attention within a subspace concentrates on the tokens that belong to it, as these stand out from the noise. */

import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { project } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { bases, tokensOn } from "../sample.ts";

/** Share of a token's attention, in the head of its own subspace, that is on tokens of that subspace: mean over tokens. */
export function attentionWithin(
  random: Random,
  { K, p, perSubspace }: { K: number; p: number; perSubspace: number },
  signal: number,
): number {
  return scope(() => {
    const U = bases(random.at("U"), [K, K * p, p]);
    const { Z, clean } = tokensOn(U, random, { perSubspace, noise: 1 / Math.sqrt(p), unit: true });
    // noise of length 1 in each subspace, signal of the length asked for
    const W = project(Z.add(clean.mul(signal - 1)), U); //                      [K, n, p]
    const A = W.matmul(W.T)
      .softmax(-1)
      .reshape([K, K, perSubspace, K * perSubspace]);
    const own = A.diagonal(0, 0, 1).permute([2, 0, 1]); //                      [K, m, n]: head k, tokens of k
    const within = own.reshape([K, perSubspace, K, perSubspace]).sum(-1).diagonal(0, 0, 2);
    return within.mean().item();
  });
}

export const attentionConcentration: Claim = {
  name: "attention-concentration",
  title:
    "In the head of its subspace a token attends to tokens of that subspace, the more so the larger the signal",
  source: "Yu et al. 2023, MSSA as a soft assignment; E17",
  expected: "from near 1/K without signal to 1 where same-subspace products dominate",
  run({ random, quick }) {
    const sizes = quick ? { K: 4, p: 16, perSubspace: 8 } : { K: 6, p: 32, perSubspace: 16 };
    const trials = quick ? 2 : 5;
    const signals = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6];
    const shares = signals.map((signal) => {
      const all = Array.from({ length: trials }, (_, t) => attentionWithin(random.at(`${t}`), sizes, signal));
      return all.reduce((a, b) => a + b, 0) / trials;
    });
    const drop = Math.max(...shares.slice(1).map((share, i) => shares[i]! - share));
    return {
      measured: `from ${short(shares[0]!)} to ${short(shares.at(-1)!)} (chance ${short(1 / sizes.K)})`,
      numbers: {
        "share without signal": atMost(shares[0]!, 1.5 / sizes.K),
        "share at six times the noise": atLeast(shares.at(-1)!, 0.999),
        "largest drop along the way": atMost(drop, 0),
      },
      plot: {
        subtitle: `K = ${sizes.K}, p = ${sizes.p}, ${sizes.perSubspace} tokens per subspace; noise of length 1 in each subspace`,
        panels: [
          {
            kind: "curves",
            x: { label: "signal over noise" },
            y: { label: "attention on the own subspace", format: "percent", min: 0, max: 1.05 },
            curves: [
              { name: "measured", x: signals, y: shares },
              level("chance 1/K", signals, 1 / sizes.K),
              level("all of it", signals, 1),
            ],
          },
        ],
      },
    };
  },
};
