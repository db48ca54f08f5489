/** @file The CRATE-α classifier against the authors': logits, loss, every gradient. */

import { crossEntropy } from "../../src/method/supervised/supervised.ts";
import { createModel } from "../../src/model/index.ts";
import { gradients, random, tensor } from "../../src/tensor/index.ts";
import { below, type Comparison, type Golden, patchSizes, relativeError, required } from "./golden.ts";

/** Their labels are in the description of the loss: "cross entropy with labels 0,1". */
const labelsOf = (description: string | undefined): bigint[] =>
  (/labels ([\d,]+)/.exec(description ?? "")?.[1] ?? "").split(",").map(BigInt);

export function crateAlpha(golden: Golden): Comparison {
  const c = golden.config as Record<string, number>;
  const options = { ...patchSizes(golden), headDim: c.dim_head!, classes: c.num_classes! };
  using model = createModel("crate_alpha", options, random(0)).load(below(golden, "param."));
  const logits = model.apply(required(golden, "input"));
  const labels = tensor(BigInt64Array.from(labelsOf(golden.metadata.get("loss"))));
  const loss = crossEntropy(logits, labels);
  const outputs = new Map([
    ["logits", relativeError(logits, required(golden, "logits"))],
    ["loss", relativeError(loss, required(golden, "loss"))],
  ]);
  const named = model.namedParameters();
  const found = gradients(loss, [...named.values()]);
  const errors = [...named.keys()].map(
    (name, i) => [name, relativeError(found[i]!, required(golden, `grad.${name}`))] as const,
  );
  return { outputs, gradients: new Map(errors) };
}
