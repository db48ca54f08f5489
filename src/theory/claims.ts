/** @file The registry: every claim, in the order of the argument. */

import type { Claim } from "./claim.ts";
import { linearEquilibrium } from "./closed-loop/linear-equilibrium.ts";
import { linearOptimum } from "./closed-loop/linear-optimum.ts";
import { completionMae } from "./completion/completion-mae.ts";
import { completionSolvers } from "./completion/completion-solvers.ts";
import { completionTransition } from "./completion/completion-transition.ts";
import { attentionConcentration } from "./denoising/attention-concentration.ts";
import { attentionStep } from "./denoising/attention-step.ts";
import { compressionScore } from "./denoising/compression-score.ts";
import { denoisingTrajectory } from "./denoising/denoising-trajectory.ts";
import { gaussianAttention } from "./denoising/gaussian-attention.ts";
import { mixtureScore } from "./denoising/mixture-score.ts";
import { selectivity } from "./denoising/selectivity.ts";
import { softmaxDenoiserClaim } from "./denoising/softmax-denoiser.ts";
import { tweedie } from "./denoising/tweedie.ts";
import { compressionInverse } from "./diffusion/compression-inverse.ts";
import { flowRoundTrip } from "./diffusion/flow-round-trip.ts";
import { layerOrder } from "./diffusion/layer-order.ts";
import { sparsityInverse } from "./diffusion/sparsity-inverse.ts";
import { timeGrid } from "./diffusion/time-grid.ts";
import { constrainedLandscape } from "./mcr2/constrained-landscape.ts";
import { mcr2Geometry } from "./mcr2/mcr2-geometry.ts";
import { regularisedLandscape } from "./mcr2/regularised-landscape.ts";
import { hessianBound } from "./rates/hessian-bound.ts";
import { logDetIdentity } from "./rates/log-det-identity.ts";
import { membershipCurvature } from "./rates/membership-curvature.ts";
import { neumannValidity } from "./rates/neumann-validity.ts";
import { optimalConfigurations } from "./rates/optimal-configurations.ts";
import { rateDistanceClaim } from "./rates/rate-distance.ts";
import { rateGradients } from "./rates/rate-gradients.ts";
import { rotationInvariance } from "./rates/rotation-invariance.ts";
import { layerAscent } from "./redunet/layer-ascent.ts";
import { redunetStaircase } from "./redunet/redunet-staircase.ts";
import { attentionOnly } from "./sparsity/attention-only.ts";
import { istaDescent } from "./sparsity/ista-descent.ts";
import { majoriseDescent } from "./sparsity/majorise-descent.ts";

/** Claims about one subject. */
export interface ClaimGroup {
  readonly title: string;
  readonly claims: readonly Claim[];
}

export const claimGroups: readonly ClaimGroup[] = [
  {
    title: "Rates",
    claims: [
      logDetIdentity,
      rateGradients,
      hessianBound,
      rotationInvariance,
      optimalConfigurations,
      constrainedLandscape,
      regularisedLandscape,
      rateDistanceClaim,
      membershipCurvature,
      neumannValidity,
    ],
  },
  {
    title: "Denoising",
    claims: [
      tweedie,
      mixtureScore,
      softmaxDenoiserClaim,
      compressionScore,
      selectivity,
      denoisingTrajectory,
      attentionStep,
      attentionConcentration,
      gaussianAttention,
    ],
  },
  {
    title: "Structured diffusion",
    claims: [flowRoundTrip, layerOrder, timeGrid, compressionInverse, sparsityInverse],
  },
  { title: "Sparsity and attention", claims: [istaDescent, majoriseDescent, attentionOnly] },
  { title: "Matrix completion", claims: [completionSolvers, completionTransition, completionMae] },
  { title: "Closed loop", claims: [linearOptimum, linearEquilibrium] },
  { title: "Rate reduction", claims: [mcr2Geometry, layerAscent, redunetStaircase] },
];

export const claims: readonly Claim[] = claimGroups.flatMap((group) => group.claims);
