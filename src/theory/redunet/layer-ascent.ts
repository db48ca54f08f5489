/** @file One ReduNet layer is one projected gradient step on ΔR: it raises ΔR for small steps, with the slope it should have. */

import { buildLayer, classLabels, Spectrum, stepLayer } from "../../method/redunet/index.ts";
import { segments } from "../../rate/index.ts";
import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import { largestDifference } from "../closed-forms.ts";
import { type Landscape, reductionGradient, reductions } from "../mcr2/two-classes.ts";
import { expectedCurve } from "../plot.ts";
import { bases, normal } from "../sample.ts";

const epsSq = 0.1;

/** Unit features of K classes, `count` each, around subspaces that overlap: [K · count, d] */
function overlappingClasses(random: Random, K: number, count: number, d: number, noise = 0.3): Tensor {
  const U = bases(random.at("U"), [K, d, 2], false);
  const Z = normal(random.at("codes"), [K, count, 2])
    .matmul(U.T)
    .reshape([K * count, d]);
  const noisy = Z.add(normal(random.at("noise"), Z.shape).mul(noise));
  return noisy.div(noisy.norm(-1, true));
}

/** ΔR after a layer of true labels, Z⁺ = P_sphere(Z + η∇ΔR), less ΔR before, for each η; and the slope at 0. */
export function gains(random: Random, K: number, count: number, d: number, steps: readonly number[]) {
  return scope(() => {
    const Z = overlappingClasses(random, K, count, d).unsqueeze(0);
    const landscape: Landscape = { classes: K, epsSq };
    const G = reductionGradient(Z, landscape);
    const before = reductions(Z, landscape).item();
    const along = steps.map((step) => {
      const moved = Z.add(G.mul(step));
      return reductions(moved.div(moved.norm(-1, true)), landscape).item() - before;
    });
    const tangent = G.sub(Z.mul(G.mul(Z).sum(-1, true)));
    return { along, slope: tangent.square().sum().item(), before };
  });
}

/** Largest difference between the library's layer, its memberships certain, and the gradient step. */
export function layerError(random: Random, K: number, count: number, d: number): number {
  return scope(() => {
    // far enough apart for certain memberships
    const axes = bases(random.at("axes"), [K, d, 1]).squeeze(-1);
    const rows = axes
      .unsqueeze(1)
      .expand([K, count, d])
      .reshape([K * count, d]);
    const spread = rows.add(normal(random.at("spread"), rows.shape).mul(0.02));
    const Z = spread.div(spread.norm(-1, true));
    const labels = segments(classLabels(K, count), K);
    const spectrum = new Spectrum([d]);
    const layer = buildLayer(Z.unsqueeze(0), labels, epsSq, "layer");
    const { V } = stepLayer(Z.unsqueeze(0), layer, spectrum, { eta: 0.5, sharpness: 1e4 });
    const step = Z.unsqueeze(0).add(reductionGradient(Z.unsqueeze(0), { classes: K, epsSq }).mul(0.5));
    return largestDifference(V, step.div(step.norm(-1, true)));
  });
}

export const layerAscent: Claim = {
  name: "layer-ascent",
  title: "A ReduNet layer is a projected gradient step on ΔR, and raises it for small steps",
  source: "Chan et al. 2022, derivation of a layer from gradient ascent",
  expected: "equal to the gradient step to 1e-10; gain η‖P∇ΔR‖² for small η; above 0 for η ≤ 0.5, each time",
  run({ random, quick }) {
    const trials = quick ? 10 : 50;
    const steps = [1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    const found = Array.from({ length: trials }, (_, t) => gains(random.at(`${t}`), 3, 30, 9, steps));
    const usual = found.flatMap(({ along }) => along.filter((_, i) => steps[i]! <= 0.5));
    const ratios = found.map(({ along, slope }) => along[0]! / (steps[0]! * slope));
    const error = Math.max(
      ...Array.from({ length: 5 }, (_, t) => layerError(random.at(`layer.${t}`), 3, 20, 6)),
    );
    const median = (i: number) =>
      found.map(({ along }) => along[i]!).sort((a, b) => a - b)[Math.floor(trials / 2)]!;
    const slopes = found.map(({ slope }) => slope).sort((a, b) => a - b);
    const kept = steps.filter((step) => step <= 0.5);
    return {
      measured: `layer within ${short(error)} of the step; least gain for η ≤ 0.5 ${short(Math.min(...usual))}; slope ${short(Math.min(...ratios))} to ${short(Math.max(...ratios))} of ‖P∇ΔR‖²`,
      numbers: {
        "library's layer against the gradient step": atMost(error, 1e-10),
        "least gain for η ≤ 0.5": atLeast(Math.min(...usual), 0),
        "least slope over ‖P∇ΔR‖²": between(Math.min(...ratios), 0.99, 1.01),
        "largest slope over ‖P∇ΔR‖²": between(Math.max(...ratios), 0.99, 1.01),
      },
      plot: {
        subtitle: `3 overlapping classes of 30 unit features in 9 dimensions, ε² = 0.1; ${trials} draws`,
        panels: [
          {
            kind: "curves",
            x: { label: "step η (authors: 0.5)", scale: "log" },
            y: { label: "gain in ΔR (nats)", scale: "log" },
            curves: [
              {
                name: "least gain",
                x: steps,
                y: steps.map((_, i) => Math.min(...found.map(({ along }) => along[i]!))),
              },
              { name: "median gain", x: steps, y: steps.map((_, i) => median(i)) },
              expectedCurve(
                "η ‖P∇ΔR‖²",
                kept,
                kept.map((step) => step * slopes[Math.floor(trials / 2)]!),
              ),
            ],
          },
        ],
      },
    };
  },
};
