import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mcr2Loss } from "../../src/rate/index.ts";
import { gradients, scope, type Tensor } from "../../src/tensor/index.ts";
import { readGolden, relativeError, required } from "./golden.ts";

const path = fileURLToPath(new URL("../golden/ctrl-losses.safetensors", import.meta.url));

test("MCR² of the authors: −ΔR, R, Rᶜ and the gradient", () => {
  scope(() => {
    const golden = readGolden(path);
    const { eps, num_classes } = golden.config as { eps: number; num_classes: number };
    const Z = required(golden, "Z").to("float64").setRequiresGrad();
    const parts = mcr2Loss(Z, required(golden, "labels"), num_classes, { epsilon: Math.sqrt(eps) });
    const error = (ours: Tensor, name: string) => relativeError(ours, required(golden, `mcr2.${name}`));
    expect(error(parts.loss, "minus_delta_rate")).toBeLessThan(1e-5);
    expect(error(parts.expansion, "rate")).toBeLessThan(1e-5);
    expect(error(parts.compression, "class_rate")).toBeLessThan(1e-5);
    expect(error(gradients(parts.loss, [Z])[0]!, "grad.Z")).toBeLessThan(1e-4);
  });
});
