/** @file The closed loop's losses against the authors': values, terms, gradients in Z and in Ẑ. */

import {
  binaryObjective,
  featureObjective,
  incrementalEncoderObjective,
  multiObjective,
} from "../../src/rate/index.ts";
import { gradients, type Tensor } from "../../src/tensor/index.ts";
import { type Comparison, type Golden, relativeError, required } from "./golden.ts";

export function ctrlLosses(golden: Golden): Comparison {
  const config = golden.config as Record<"eps" | "num_classes" | "ictrl_lambda" | "ictrl_class_step", number>;
  const options = { epsilon: Math.sqrt(config.eps), classes: config.num_classes }; // their eps is ε²
  const leaf = (name: string) => required(golden, name).to("float64").setRequiresGrad();
  const [Z, Zhat] = [leaf("Z"), leaf("Zbar")];
  const labels = required(golden, "labels");

  const outputs = new Map<string, number>();
  const errors = new Map<string, number>();
  const compare = (name: string, ours: Tensor) =>
    outputs.set(name, relativeError(ours, required(golden, name)));
  /** Theirs is what the encoder descends: minus the objective. */
  const compareLoss = (name: string, value: string, objective: Tensor, inputs: Record<string, Tensor>) => {
    const loss = objective.neg();
    compare(`${name}.${value}`, loss);
    gradients(loss, Object.values(inputs)).forEach((gradient, i) => {
      const key = `${name}.grad.${Object.keys(inputs)[i]}`;
      errors.set(key, relativeError(gradient, required(golden, key)));
    });
  };
  const both = { Z, Zbar: Zhat };

  const binary = binaryObjective(Z, Zhat, options);
  compareLoss("binary", "loss", binary.objective, both);
  compare("binary.term.0", binary.terms.whole);
  compare("binary.term.1", binary.terms.parts.neg());
  compare("binary.loss_long_form", binary.objective.neg());
  // 0.11 is the difference of two rates of 8.6 that the authors' code took in single precision: it is known as well as those
  const share = binary.objective.div(binary.terms.whole).item();
  for (const name of ["binary.loss", "binary.loss_long_form"]) outputs.set(name, outputs.get(name)! * share);

  const multi = multiObjective(Z, Zhat, labels, options);
  compareLoss("multi", "loss", multi.objective, both);
  compare("multi.term.0", multi.terms.features.neg());
  compare("multi.term.1", multi.terms.transcribed.neg());
  compare("multi.term.2", multi.terms.distance.neg());
  compare("multi.loss_long_form", multi.objective.neg());

  const features = featureObjective(Z, labels, options);
  compareLoss("mcr2", "minus_delta_rate", features.objective, { Z });
  compare("mcr2.rate", features.terms.rate);
  compare("mcr2.class_rate", features.terms.classRate);

  const K = options.classes;
  const last = Array.from({ length: config.ictrl_class_step }, (_, i) => K - config.ictrl_class_step + i);
  const full = { ...options, fresh: last, held: [], lambda: config.ictrl_lambda };
  compareLoss("ictrl.full", "loss", incrementalEncoderObjective(Z, Zhat, labels, full).objective, both);
  const every = Array.from({ length: K - 1 }, (_, k) => k);
  const held = { ...options, fresh: [], held: every, lambda: 0 };
  // the distances alone: what is left of the objective without the rate reductions
  const alone = incrementalEncoderObjective(Z, Zhat, labels, held).objective.sub(
    incrementalEncoderObjective(Z, Zhat, labels, { ...held, held: [] }).objective,
  );
  compareLoss("ictrl.gen", "loss", alone.neg(), both);
  return { outputs, gradients: errors };
}
