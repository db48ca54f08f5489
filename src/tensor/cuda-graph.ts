/** @file CUDA graphs: what a GPU is given to do, recorded once and launched as a whole. */

import { UsageError } from "../base/errors.ts";
import { native } from "./native.ts";

/**
 * Runs `work` on a stream of its own, which takes its turn with the current one: as `CudaGraph` will record it, so that
 * what libraries make for their first call is made before.
 */
export const besideStream = <T>(device: string, work: () => T): T => required("cudaBeside")(device, work);

/**
 * What `work` gives a GPU to do. `replay` does it again with the same memory: what tensors of before hold then, and what
 * is put into those that `work` has made.
 *
 * @param work reads nothing from the device, brings nothing onto it, and does the same each time
 * @throws {UsageError} the addon has no graphs; {TorchError} something that cannot be captured
 */
export class CudaGraph {
  private readonly graph: object;

  constructor(device: string, work: () => void) {
    this.graph = required("cudaCapture")(device, work);
  }

  replay(): void {
    native().cudaReplay!(this.graph);
  }

  /** Frees the graph, and the memory of what `work` has made. */
  dispose(): void {
    native().cudaForget!(this.graph);
  }
}

function required<Name extends "cudaBeside" | "cudaCapture">(name: Name) {
  const found = native()[name];
  if (found !== undefined) return found;
  throw new UsageError(
    "CUDA graphs: expected an addon compiled with them, for a libtorch with CUDA and with CUDA's headers; see docs/gpu.md",
  );
}
