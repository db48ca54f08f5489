/** @file A share as people read it. */

/** "97.85 %" for 0.9785. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
