/**
 * @file How fast is a 2-D ReduNet layer, built and applied between two spectra, against the authors' way on the same libtorch: one inverse at
 * a time in a loop over frequencies and classes.
 */

import { buildLayer, Spectrum, stepLayer } from "../src/method/redunet/index.ts";
import { segments } from "../src/rate/index.ts";
import { arange, aten, eye, keep, noGrad, random, scope, stack, type Tensor } from "../src/tensor/index.ts";
import { type Bench, compare, interleave } from "./harness.ts";
import { Side } from "./side.ts";

interface Size {
  form: "batched" | "loop";
  n: number;
  channels: number;
  side: number;
  classes: number;
}

const [EPS_SQ, STEP, SHARPNESS] = [0.1, 0.5, 500];

/** α (I + α Σ v vᴴ)⁻¹ for each frequency: V [m, C, H, W] → [C, C, H, W] */
function operators(V: Tensor): Tensor {
  return scope(() => {
    const [m, C, H, W] = V.shape as [number, number, number, number];
    const alpha = C / (m * EPS_SQ);
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

/** V [n, C, H, W], all frequencies */
function loop(V: Tensor, members: readonly Tensor[]): Tensor {
  const [n, K] = [V.size(0), members.length];
  const apply = (M: Tensor): Tensor => aten("einsum", "bihw,gihw->bghw", [V, M]);
  const expanded = apply(operators(V));
  const compressed = stack(members.map((of) => apply(operators(V.indexSelect(0, of))))); // [K, n, C, H, W]
  const norms = aten("abs", compressed).square().sum([2, 3, 4]).sqrt();
  const weights = norms.mul(-SHARPNESS).softmax(0).div(K).reshape([K, n, 1, 1, 1]);
  const moved = V.add(expanded.sub(compressed.mul(weights).sum(0)).mul(STEP));
  return moved.div(aten("abs", moved).square().sum([1, 2, 3]).sqrt().reshape([n, 1, 1, 1]));
}

/** V [P, n, C], half of them */
function batched(V: Tensor, spectrum: Spectrum, labels: Tensor, K: number): Tensor {
  const layer = buildLayer(V, segments(labels, K), EPS_SQ, "bench");
  return stepLayer(V, layer, spectrum, { eta: STEP, sharpness: SHARPNESS }).V;
}

export function own({ form, n, channels, side, classes }: Size): (iterations: number) => void {
  const spectrum = new Spectrum([channels, side, side]);
  const [half, full] = scope(() => {
    const X = random(0).normal([n, channels, side, side]);
    const V = spectrum.normalise(spectrum.forward(X));
    return [keep(V), keep(aten("fft_fft2", spectrum.inverse(V), null, [2, 3], "ortho"))];
  });
  const labels = keep(arange(n).remainder(classes));
  const members = Array.from({ length: classes }, (_, k) => keep(arange(n, { start: k, step: classes })));
  const run = () => (form === "loop" ? loop(full!, members) : batched(half!, spectrum, labels, classes));
  return (iterations) => {
    for (let i = 0; i < iterations; i++) noGrad(() => scope(() => void run()));
  };
}

export const bench: Bench = {
  name: "redunet",
  about: "a 2-D ReduNet layer built and applied, against a loop over frequencies and classes",
  peer: false,
  async run({ quick, threads, say }) {
    const [n, channels, side, classes] = quick ? [12, 4, 6, 3] : [100, 35, 28, 10];
    say("redunet");
    const sides = await Promise.all(
      (["batched", "loop"] as const).map((form) =>
        Side.ours("redunet", { form, n, channels, side, classes }, threads),
      ),
    );
    const plan = { rounds: quick ? 2 : 7, iterations: 1, warmup: 1 };
    const [ours, peer] = (await interleave(sides, plan)) as [number[], number[]];
    await Promise.all(sides.map((each) => each.close()));
    return [
      {
        question: "redunet",
        what: `2-D ReduNet layer, ${n} samples, C = ${channels}, ${side} × ${side}, K = ${classes}`,
        unit: "layers/s",
        ...compare(ours, peer, (seconds) => 1 / seconds),
        goal: { of: "ratio", at: "least", value: 13 },
      },
    ];
  },
};
