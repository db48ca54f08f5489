/** @file Playing the linear closed loop: one encoder step, then many of the decoder, which follows. */

import { aten, noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { createOptimizer } from "../../train/index.ts";
import { normal } from "../sample.ts";
import {
  encoded,
  encoderGradient,
  type Game,
  pairDistance,
  pairGradient,
  projected,
  reduction,
} from "./linear-game.ts";

export interface Play {
  /** Features' dimension d_z. */
  features: number;
  outer: number;
  /** Decoder steps after each encoder step. */
  inner: number;
  /** Outer steps between two looks. */
  every: number;
}

/** What is seen of the players. */
export interface Look {
  step: number;
  /** ΔR(Z | Π) */
  reduction: number;
  /** Σ ΔR(Zₖ, Ẑₖ) */
  pairs: number;
  /** Largest cosine of a principal angle between the spans of two classes. */
  cosine: number;
  /** Mean over classes of ‖part of Zₖ outside span Ẑₖ‖ / ‖Zₖ‖. */
  residual: number;
  /** Singular values of Zₖ, [class][dₖ] */
  spectra: number[][];
}

/** Plays from random F and G; a look every so often, and at the end. */
export function play(random: Random, game: Game, { features, outer, inner, every }: Play): Look[] {
  const { moments: S, count } = game;
  // a constant rate keeps circling the equilibrium: it falls to 0
  const rate = (step: number) => 1e-2 * (1 - (step - 1) / outer);
  const D = S.size(1);
  return scope(() => {
    const F = normal(random.at("F"), [features, D]);
    const G = normal(random.at("G"), [D, features]);
    F.copy_(projected(F, S, count));
    using encoder = createOptimizer("adam", new Map([["F", F]]));
    using decoder = createOptimizer("adam", new Map([["G", G]]));
    const looks: Look[] = [];
    for (let step = 1; step <= outer; step++) {
      scope(() => {
        const slope = encoderGradient(F, G, S, count).neg(); //                  the optimiser descends
        encoder.step([slope], rate(step));
        F.copy_(projected(F, S, count));
        const A = noGrad(() => encoded(F, S));
        for (let i = 0; i < inner; i++)
          scope(() => decoder.step([F.T.matmul(pairGradient(A, F.matmul(G), count))], 1e-3));
        if (step % every === 0 || step === outer) looks.push(look(step, F, G, game));
      });
    }
    return looks;
  });
}

/** Orthonormal bases of the dₖ strongest directions of each [d, d] moment. */
function spans(moments: Tensor, dims: readonly number[]): { bases: Tensor[]; values: number[][] } {
  const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", moments);
  const d = moments.size(1);
  return {
    bases: dims.map((dim, k) => vectors.select(0, k).narrow(1, d - dim, dim)),
    values: dims.map((dim, k) =>
      values
        .select(0, k)
        .narrow(0, d - dim, dim)
        .clamp(0)
        .sqrt()
        .flip([0])
        .numbers(),
    ),
  };
}

function look(step: number, F: Tensor, G: Tensor, { moments, dims, count }: Game): Look {
  return noGrad(() =>
    scope(() => {
      const A = encoded(F, moments);
      const B = encoded(F.matmul(G), A);
      const [own, transcribed] = [spans(A, dims), spans(B, dims)];
      const cosines = own.bases.flatMap((U, i) =>
        own.bases.slice(i + 1).map((V) => aten("linalg_svdvals", U.T.matmul(V)).max().item()),
      );
      const residuals = transcribed.bases.map((Q, k) => {
        const all = A.select(0, k);
        const inside = Q.T.matmul(all).matmul(Q).diagonal().sum().item();
        const energy = all.diagonal().sum().item();
        return Math.sqrt(Math.max(0, 1 - inside / energy));
      });
      return {
        step,
        reduction: reduction(A, count).item(),
        pairs: pairDistance(A, B, count).item(),
        cosine: Math.max(...cosines),
        residual: residuals.reduce((a, b) => a + b, 0) / residuals.length,
        spectra: own.values,
      };
    }),
  );
}

/** Largest cosine between the spans that the data is from: what the encoder has to undo. */
export const dataCosine = (bases: readonly Tensor[]): number =>
  scope(() => {
    const frames = bases.map((U) => aten<[Tensor, Tensor]>("linalg_qr", U)[0]);
    return Math.max(
      ...frames.flatMap((U, i) =>
        frames.slice(i + 1).map((V) => aten("linalg_svdvals", U.T.matmul(V)).max().item()),
      ),
    );
  });
