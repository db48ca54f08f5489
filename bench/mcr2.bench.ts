/**
 * @file How fast is the MCR² loss with its gradient, against memberships as dense n × n diagonals and autograd through
 * `logdet`, the authors' way. `OMP_NUM_THREADS=2 npx tsx bench/mcr2.bench.ts`
 */

import { mcr2Loss } from "../src/rate/index.ts";
import { aten, eye, gradients, random, scope, type Tensor, zeros } from "../src/tensor/index.ts";
import { compare } from "./pair.ts";

const [n, d, K, epsSq] = [1000, 128, 10, 0.5];
const draws = random(0).normal([n, d]);
const Z = draws.div(draws.norm([1], true)).setRequiresGrad();
const labels = random(1).integers([n], 0, K);
const Pi = scope(() => aten("diag_embed", aten("one_hot", labels, K).to("float32").T.contiguous())); // [K, n, n]

function dense(): Tensor {
  const W = Z.T; //                                                             [d, n]
  const I = eye(d);
  let compression = zeros([]);
  for (let k = 0; k < K; k++) {
    const count = aten("trace", Pi.select(0, k)).add(1e-8);
    const G = W.matmul(Pi.select(0, k))
      .matmul(W.T)
      .mul(count.reciprocal().mul(d / epsSq));
    compression = compression.add(
      aten("logdet", I.add(G))
        .mul(count)
        .div(2 * n),
    );
  }
  return compression.sub(aten("logdet", I.add(W.matmul(W.T).mul(d / (n * epsSq)))).div(2));
}

const own = (): Tensor => mcr2Loss(Z, labels, K).loss;
const difference = scope(() => Math.abs(own().item() - dense().item()));
console.log(`the losses differ by ${difference.toExponential(1)}`);
compare({
  name: `MCR² loss and gradient, n = ${n}, d = ${d}, K = ${K}`,
  ours: () => scope(() => void gradients(own(), [Z])),
  theirs: () => scope(() => void gradients(dense(), [Z])),
  rounds: 15,
  goal: 50,
});
