/** @file Claims of the papers, as experiments. */

export type { Claim, ClaimOptions, ClaimResult, Measure } from "./claim.ts";
export { type ClaimGroup, claimGroups, claims } from "./claims.ts";
export type { Panel, Plot } from "./plot.ts";
export {
  findClaims,
  type Outcome as ClaimOutcome,
  type VerifyOptions,
  verifyClaim,
  verifyClaims,
} from "./verify.ts";
