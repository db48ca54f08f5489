/** @file CRATE-MAE against the authors': mask, latent tokens, prediction, loss, every gradient. */

import { createModel, maskedError, maskedTarget, randomMask } from "../../src/model/index.ts";
import { record } from "../../src/nn/index.ts";
import { gradients, random, type Tensor } from "../../src/tensor/index.ts";
import { below, type Comparison, type Golden, patchSizes, relativeError, required } from "./golden.ts";

export function crateMae(golden: Golden): Comparison {
  const c = golden.config as Record<string, number>;
  const input = required(golden, "input");
  const options = {
    ...patchSizes(golden),
    ...{ channels: input.size(1), lambda: c.lambd! },
  };
  using model = createModel("crate_mae", options, random(0)).load(below(golden, "param."));
  const mask = randomMask(required(golden, "noise"), c.mask_ratio!);
  const { result: prediction, found } = record(model, ["latent"], () => model.apply(input, mask));
  const target = maskedTarget(input, options.patch, Boolean(c.norm_pix_loss));
  const loss = maskedError(prediction, target, mask);

  const outputs = new Map<string, number>();
  const compare = (name: string, ours: Tensor) =>
    outputs.set(name, relativeError(ours, required(golden, name)));
  compare("mask", mask);
  compare("latent", found.get("latent")!);
  compare("pred", prediction);
  compare("loss", loss);
  const parameters = model.namedParameters();
  const gradient = gradients(loss, [...parameters.values()]);
  const errors = [...parameters.keys()].map(
    (name, i) => [name, relativeError(gradient[i]!, required(golden, `grad.${name}`))] as const,
  );
  for (const tensor of found.values()) tensor.dispose();
  return { outputs, gradients: new Map(errors) };
}
