/** @file ToST's token-statistics attention against the authors': output, gradients of the sum of its squares. */

import { CausalTSSA, TSSA } from "../../src/model/index.ts";
import { gradients } from "../../src/tensor/index.ts";
import { below, type Kind, relativeError, required } from "./golden.ts";

export const tssa =
  (causal: boolean): Kind =>
  (golden) => {
    const { heads, block_size: context } = golden.config as { heads: number; block_size: number };
    const state = below(golden, "param.");
    const at = (name: string) => state.get(name)!.clone();
    using layer = causal
      ? new CausalTSSA(
          { U: at("c_attn.weight"), b: at("c_attn.bias"), W: at("c_proj.weight"), c: at("c_proj.bias") },
          { heads, context },
        )
      : new TSSA({ U: at("qkv.weight"), W: at("to_out.0.weight"), c: at("to_out.0.bias") }, { heads });
    layer.load(state);
    const Z = required(golden, "input").setRequiresGrad();
    const output = layer.apply(Z);
    const outputs = new Map([["output", relativeError(output, required(golden, "output"))]]);
    const named = new Map([["grad.input", Z]]);
    for (const [name, parameter] of layer.namedParameters()) named.set(`grad.param.${name}`, parameter);
    const found = gradients(output.square().sum(), [...named.values()]);
    const errors = [...named.keys()].map(
      (name, i) => [name, relativeError(found[i]!, required(golden, name))] as const,
    );
    return { outputs, gradients: new Map(errors) };
  };
