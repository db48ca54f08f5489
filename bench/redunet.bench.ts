/**
 * @file How fast is a 2-D ReduNet layer, built and applied, against one inverse at a time in a loop over frequencies and
 * classes. `OMP_NUM_THREADS=2 npx tsx bench/redunet.bench.ts`
 */

import { buildLayer, Spectrum, stepLayer } from "../src/method/redunet/index.ts";
import { segments } from "../src/rate/index.ts";
import { arange, aten, eye, noGrad, random, scope, stack, type Tensor } from "../src/tensor/index.ts";
import { compare } from "./pair.ts";

const [n, C, H, W, K, epsSq, eta, lambda] = [100, 35, 28, 28, 10, 0.1, 0.5, 500];
const X = random(0).normal([n, C, H, W]);
const labels = scope(() => arange(n).remainder(K).clone());
const members = Array.from({ length: K }, (_, k) => scope(() => aten("nonzero", labels.eq(k)).squeeze(1)));
const unit = scope(() => X.div(X.reshape([n, -1]).norm([1]).reshape([n, 1, 1, 1])));

const spectrum = new Spectrum([C, H, W]);
const classes = segments(labels, K);
const ours = (): Tensor => {
  const V = spectrum.normalise(spectrum.forward(X));
  const layer = buildLayer(V, classes, epsSq, "bench");
  return spectrum.inverse(stepLayer(V, layer, spectrum, { step: eta, sharpness: lambda }).V);
};

/** α (I + α Σ v vᴴ)⁻¹ per frequency, covariances at once and inverses one at a time: V [m, C, H, W] → [C, C, H, W] */
function operators(V: Tensor): Tensor {
  return scope(() => {
    const alpha = C / (V.size(0) * epsSq);
    const covariance = aten("einsum", "bihw,bjhw->ijhw", [V, aten("conj", V)]).mul(alpha);
    const A = covariance.add(eye(C, { dtype: "complex64" }).reshape([C, C, 1, 1]));
    const result = aten("empty_like", A);
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++)
        scope(() => {
          const inverse = aten("linalg_inv", A.select(2, h).select(2, w)).mul(alpha);
          result.select(2, h).select(2, w).copy_(inverse);
        });
    return result;
  });
}

function loop(): Tensor {
  const V = aten("fft_fft2", unit, null, [2, 3], "ortho"); //                   [n, C, H, W]
  const apply = (M: Tensor): Tensor => aten("einsum", "bihw,gihw->bghw", [V, M]);
  const expanded = apply(operators(V));
  const compressed = stack(members.map((of) => apply(operators(V.indexSelect(0, of))))); // [K, n, C, H, W]
  const norms = aten("abs", compressed).square().sum([2, 3, 4]).sqrt();
  const weights = norms.mul(-lambda).softmax(0).div(K).reshape([K, n, 1, 1, 1]);
  const moved = V.add(expanded.sub(compressed.mul(weights).sum(0)).mul(eta));
  const length = aten("abs", moved).square().sum([1, 2, 3]).sqrt().reshape([n, 1, 1, 1]);
  return aten("real", aten("fft_ifft2", moved.div(length), null, [2, 3], "ortho"));
}

noGrad(() => {
  const difference = scope(() => ours().sub(loop()).abs().max().item());
  console.log(`the features differ by at most ${difference.toExponential(1)}`);
  compare({
    name: `2-D ReduNet layer, ${n} samples, C = ${C}, ${H} × ${W}, K = ${K}`,
    ours: () => void scope(ours).dispose(),
    theirs: () => void scope(loop).dispose(),
    rounds: 3,
    goal: 10,
  });
});
