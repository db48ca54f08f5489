/** @file The registry: every claim, in the order of the argument. */

import type { Claim } from "./claim.ts";
import { hessianBound } from "./rates/hessian-bound.ts";
import { logDetIdentity } from "./rates/log-det-identity.ts";
import { rateGradients } from "./rates/rate-gradients.ts";
import { rotationInvariance } from "./rates/rotation-invariance.ts";

/** Claims about one subject. */
export interface ClaimGroup {
  readonly title: string;
  readonly claims: readonly Claim[];
}

export const claimGroups: readonly ClaimGroup[] = [
  { title: "Rates", claims: [logDetIdentity, rateGradients, hessianBound, rotationInvariance] },
];

export const claims: readonly Claim[] = claimGroups.flatMap((group) => group.claims);
