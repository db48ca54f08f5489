/**
 * @file Rate reduction: the rate of everything, less the rate of each class on its own.
 *
 *     ΔR(Z | Π) = R(Z) − Rᶜ(Z | Π)
 *
 * It is largest when classes lie in orthogonal subspaces, and gradient ascent finds such features by itself.
 * Promised: ΔR grows, and features of different classes end nearly orthogonal.
 */

import { arange, gradients, random, rateReduction, scope, type Tensor } from "../src/index.ts";

const [n, d, classes] = [60, 16, 3];
const labels = arange(n).remainder(classes); //                                 [n]
const Pi = labels.unsqueeze(-1).eq(arange(classes)).to("float32"); //           [n, c]

/** Tokens on the unit sphere: without a bound on their length, any rate can be had. */
const onSphere = (Z: Tensor): Tensor => Z.div(Z.norm(-1, true));

/** Mean |cos| between features of different classes. */
const coherence = (Z: Tensor): number => {
  const other = labels.unsqueeze(-1).ne(labels).to("float32"); //               [n, n]
  return Z.matmul(Z.T).abs().mul(other).sum().item() / other.sum().item();
};

let Z = onSphere(random(2).normal([n, d])); //                                  [n, d]
const measure = () =>
  scope(() => ({ gain: rateReduction(Z, Pi, { epsilon: 0.5 }).item(), cos: coherence(Z) }));
const before = measure();
for (let step = 0; step < 300; step++) {
  Z = scope(() => {
    const leaf = Z.detach().setRequiresGrad();
    const [dZ] = gradients(rateReduction(onSphere(leaf), Pi, { epsilon: 0.5 }), [leaf]);
    return onSphere(leaf.detach().add(dZ!.mul(2)));
  });
}
const after = measure();
console.log(`ΔR ${before.gain.toFixed(2)} → ${after.gain.toFixed(2)} nats`);
console.log(`mean |cos| between classes ${before.cos.toFixed(3)} → ${after.cos.toFixed(3)}`);
