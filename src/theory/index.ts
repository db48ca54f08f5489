/** @file Claims of the papers, as experiments. */

export type { Claim, ClaimOptions, ClaimResult, Measure } from "./claim.ts";
export { type ClaimGroup, claimGroups, claims } from "./claims.ts";
export type { Panel, Plot } from "./plot.ts";
export { claimFigure } from "./verification/figure.ts";
export {
  readVerification,
  type Verification,
  type VerifiedClaim,
  writeVerification,
} from "./verification/report.ts";
export { type VerifyRunOptions, verify } from "./verification/verify.ts";
export {
  findClaims,
  type Outcome as ClaimOutcome,
  type VerifyOptions,
  verifyClaim,
  verifyClaims,
} from "./verify.ts";
