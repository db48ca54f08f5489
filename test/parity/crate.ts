/** @file The CRATE classifier against the authors': every layer, logits, loss, every gradient. */

import { crossEntropy } from "../../src/method/supervised/supervised.ts";
import { createModel } from "../../src/model/index.ts";
import { record } from "../../src/nn/index.ts";
import { gradients, random, type Tensor } from "../../src/tensor/index.ts";
import { below, type Comparison, type Golden, patchSizes, relativeError, required } from "./golden.ts";

/** The smoothing is in the description of the loss: "cross entropy, label smoothing 0.1". */
const smoothingOf = (description: string | undefined): number =>
  Number(/smoothing ([\d.]+)/.exec(description ?? "smoothing 0.1")?.[1] ?? 0);

export function crate(golden: Golden): Comparison {
  const c = golden.config as Record<string, number>;
  const input = required(golden, "input");
  const options = {
    ...patchSizes(golden),
    ...{ classes: c.num_classes!, channels: input.size(1), headDim: c.dim_head! },
  };
  using model = createModel("crate", options, random(0)).load(below(golden, "param."));
  const patterns = ["block.*.mssa", "block.*.half", "block.*"];
  const { result: logits, found } = record(model, patterns, () => model.apply(input));
  const loss = crossEntropy(logits, required(golden, "labels"), smoothingOf(golden.metadata.get("loss")));

  const outputs = new Map<string, number>();
  const compare = (name: string, ours: Tensor) =>
    outputs.set(name, relativeError(ours, required(golden, name)));
  for (let l = 0; l < options.depth; l++) {
    compare(`layer.${l}.mssa`, found.get(`block.${l}.mssa`)!);
    compare(`layer.${l}.half`, found.get(`block.${l}.half`)!);
    compare(`layer.${l}.out`, found.get(`block.${l}`)!);
  }
  compare("logits", logits);
  compare("loss", loss);

  const parameters = model.namedParameters();
  const gradient = gradients(loss, [...parameters.values()]);
  const errors = [...parameters.keys()].map(
    (name, i) => [name, relativeError(gradient[i]!, required(golden, `grad.${name}`))] as const,
  );
  for (const tensor of found.values()) tensor.dispose();
  return { outputs, gradients: new Map(errors) };
}
