/** @file A CRATE-MAE as completion by what it has learned, beside completion by low rank alone. */

import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { level } from "../plot.ts";
import { type Filled, fillIn, learnedMae } from "./low-rank-images.ts";

const SHARES = [0.1, 0.25, 0.5, 0.6, 0.75, 0.9];
/** Errors below it are drawn there. */
const FLOOR = 1e-4;

export const completionMae: Claim = {
  name: "completion-mae",
  title:
    "A CRATE-MAE fills in low-rank images far better than their mean, and better than the nuclear norm where that fails",
  source: "Pai et al. 2024, masked completion against low-rank completion; E21",
  expected:
    "where most images are completed by the nuclear norm, .1 of mean fill's error (quick: .3); at half of the patches below both",
  condition: {
    kind: "holds where",
    text: "the images are of the family that was learned; with few patches known nothing fills them in",
  },
  run({ random, quick }) {
    const family = { n: 12, patch: 2, rank: 1, waves: quick ? 2 : 3 };
    const learning = { steps: quick ? 500 : 2000, batchSize: 32, lr: 4e-3 };
    using mae = learnedMae(random.at("learn"), family, learning);
    const images = quick ? 64 : 256;
    const found = SHARES.map((share) => fillIn(random.at("test"), mae, family, { share, images }));
    const easy = found.filter(({ success }) => success > 0.5);
    const half = found[SHARES.indexOf(0.5)]!;
    const worst = Math.max(...easy.map(({ learned }) => learned));
    const curve = (name: string, of: keyof Filled) => ({
      ...{ name, x: SHARES, y: found.map((one) => Math.max(one[of], FLOOR)) },
    });
    const most = quick ? 0.3 : 0.1;
    return {
      measured: `${short(worst)} of mean fill's error where the nuclear norm succeeds; at half of the patches ${short(half.learned)}, the nuclear norm ${short(half.nuclearNorm)}`,
      numbers: {
        "shares at which the nuclear norm completes most images": atLeast(easy.length, 1),
        "largest error there, over mean fill's": atMost(worst, most),
        "error at half of the patches, over mean fill's": atMost(half.learned, most),
        "the same over the nuclear norm's": atMost(half.learned / half.nuclearNorm, 1),
      },
      plot: {
        subtitle: `${family.n} × ${family.n} images of rank 1 from ${family.waves} cosines, patches of 2 × 2; ${learning.steps} steps of ${learning.batchSize}, half masked; ${images} new images`,
        panels: [
          {
            kind: "curves",
            x: { label: "share of known patches f" },
            y: { label: "error / mean fill's", scale: "log" },
            curves: [
              curve("CRATE-MAE, on removed patches", "learned"),
              { ...curve(`least nuclear norm (no less than ${FLOOR})`, "nuclearNorm"), role: "control" },
              level("mean fill", SHARES, 1),
            ],
          },
          {
            kind: "curves",
            x: { label: "share of known patches f" },
            y: { label: "images completed", format: "percent", min: 0, max: 1 },
            curves: [
              { name: "by the nuclear norm, to 1e-3", x: SHARES, y: found.map(({ success }) => success) },
            ],
          },
        ],
      },
    };
  },
};
