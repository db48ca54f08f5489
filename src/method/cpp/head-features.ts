/** @file Fixed features through the head, in evaluation mode. */

import type { CppFeatures, CppHead } from "../../model/index.ts";
import { cat, noGrad, scope, type Tensor } from "../../tensor/index.ts";

/** Z and C of features [n, d] in evaluation mode, without gradients; the mode is put back. */
export function headFeatures(head: CppHead, X: Tensor, batchSize = 2000): CppFeatures {
  const training = head.training;
  head.eval();
  try {
    return noGrad(() =>
      scope(() => {
        const starts = Array.from({ length: Math.ceil(X.size(0) / batchSize) }, (_, i) => i * batchSize);
        const parts = starts.map((start) =>
          head.features(X.narrow(0, start, Math.min(batchSize, X.size(0) - start)).to("float32")),
        );
        const Z = cat(parts.map((part) => part.Z));
        return { Z, C: head.clusterHead === "tied" ? Z : cat(parts.map((part) => part.C)) };
      }, "head features"),
    );
  } finally {
    head.train(training);
  }
}
