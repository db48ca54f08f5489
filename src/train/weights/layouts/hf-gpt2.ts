/** @file Names of Hugging Face's GPT-2, whose matrices are transposed. */

import { type Layout, type Name, numberIn } from "./layout.ts";

const layer = (part: string): Name[] => [
  [`h.*.${part}.weight`, `transformer.h.*.${part}.weight`, "transposed"],
  [`h.*.${part}.bias`, `transformer.h.*.${part}.bias`],
];

export const hfGpt2: Layout = {
  name: "GPT-2 of Hugging Face",
  family: "gpt2",
  anchor: "h.0.attn.c_attn.weight",
  names: [
    ["wte.weight", "transformer.wte.weight"],
    ["wpe.weight", "transformer.wpe.weight"],
    ["h.*.ln_1.", "transformer.h.*.ln_1."],
    ...layer("attn.c_attn"),
    ...layer("attn.c_proj"),
    ["h.*.ln_2.", "transformer.h.*.ln_2."],
    ...layer("mlp.c_fc"),
    ...layer("mlp.c_proj"),
    ["ln_f.", "transformer.ln_f."],
  ],
  besides: /^(h\.\d+\.attn\.(masked_)?bias|lm_head\.weight|score\.weight)$/,
  settings(_, config) {
    const { activation_function: activation = "gelu_new" } = config;
    const tanh = activation === "gelu_new" || activation === "gelu_pytorch_tanh";
    if (!tanh && activation !== "gelu")
      return `its activation is ${String(activation)}; ours are gelu and gelu_new`;
    if (config.scale_attn_by_inverse_layer_idx === true)
      return "it scales attention by the layer, which ours does not";
    const heads = numberIn(config, "n_head");
    return { name: "gpt2", ...(heads !== undefined && { heads }), tanh };
  },
};
