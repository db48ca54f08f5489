/** @file Causal CRATE against the authors': logits, loss, every gradient. */

import { crossEntropy } from "../../src/method/supervised/supervised.ts";
import { createModel } from "../../src/model/index.ts";
import { gradients, random } from "../../src/tensor/index.ts";
import { below, type Kind, relativeError, required } from "./golden.ts";

export const gpt =
  (name: "crate_gpt" | "crate_lm"): Kind =>
  (golden) => {
    const c = golden.config as Record<"block_size" | "vocab_size" | "n_layer" | "n_head" | "n_embd", number>;
    const sizes = { dim: c.n_embd, depth: c.n_layer, heads: c.n_head };
    const options = { ...sizes, context: c.block_size, vocabulary: c.vocab_size };
    using model = createModel(name, options, random(0)).load(below(golden, "param."));
    const logits = model.apply(required(golden, "tokens"));
    const loss = crossEntropy(logits.reshape([-1, c.vocab_size]), required(golden, "targets").reshape([-1]));
    const outputs = new Map([
      ["logits", relativeError(logits, required(golden, "logits"))],
      ["loss", relativeError(loss, required(golden, "loss"))],
    ]);
    const named = model.namedParameters();
    const found = gradients(loss, [...named.values()]);
    const errors = [...named.keys()].map(
      (key, i) => [key, relativeError(found[i]!, required(golden, `grad.${key}`))] as const,
    );
    return { outputs, gradients: new Map(errors) };
  };
