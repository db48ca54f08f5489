/** @file A class as a Gaussian along its principal components: spectra, directions, samples. */

import { toSphere } from "../../nn/index.ts";
import { aten, noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** Mean, components by falling variance, and variances (ddof 1) of one class's features. */
export interface ClassModel {
  mean: Tensor; //                                                              [d]
  components: Tensor; //                                                        [r, d], orthonormal rows
  variances: Tensor; //                                                         [r]
}

/** The leading components of features [n, d], centred. @throws {UsageError} r above d or not below n */
export function classModel(F: Tensor, components: number): ClassModel {
  const [n, d] = F.shape as [number, number];
  if (!(components >= 1 && components <= d && components < n))
    throw new UsageError(
      `class model: expected 1 to ${Math.min(d, n - 1)} components of ${n} features of dimension ${d}, got ${components}`,
    );
  return noGrad(() =>
    scope(() => {
      const wide = F.to("float64");
      const mean = wide.mean(0);
      const centred = wide.sub(mean);
      const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", centred.T.matmul(centred).div(n - 1));
      const last = <T>(take: (start: number) => T): T => take(d - components);
      return {
        mean: mean.to(F.dtype),
        components: last((start) => vectors.narrow(1, start, components))
          .flip([1])
          .T.to(F.dtype)
          .contiguous(),
        variances: last((start) => values.narrow(0, start, components))
          .flip([0])
          .clamp(0)
          .to(F.dtype),
      };
    }, "class model"),
  );
}

/** Singular values of centred features [n, d], falling: [min(n, d)]. */
export function spectrum(F: Tensor): Tensor {
  return noGrad(() => scope(() => aten<Tensor>("linalg_svdvals", F.sub(F.mean(0)))));
}

/**
 * Features like those of a class: mean + Σ √variance g · component, back on the sphere.
 * @param normals standard normal numbers, [count, r]
 * @returns [count, d]
 */
export function sampleClass({ mean, components, variances }: ClassModel, normals: Tensor): Tensor {
  return noGrad(() => scope(() => toSphere(normals.mul(variances.sqrt()).matmul(components).add(mean))));
}
