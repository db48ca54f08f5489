/** @file Settings that ViTs of all layouts have in common. */

import type { Shapes } from "../../../model/index.ts";
import { type Config, numberIn, type Settings } from "./layout.ts";

/** What distinguishes one library's ViT from another's where no tensor shows it. */
interface Given {
  epsilon: number;
  /** Of the MLP, as the library calls it. */
  activation?: string;
}

/** @param config the part of config.json that is about the vision model */
export function vitSettings(
  tensors: Shapes,
  config: Config,
  { epsilon, activation = "gelu" }: Given,
): Settings | string {
  const act = typeof config.hidden_act === "string" ? config.hidden_act : activation;
  if (act !== "gelu" && act !== "quick_gelu") return `its activation is ${act}; ours are gelu and quick_gelu`;
  const heads = numberIn(config, "num_attention_heads");
  const registers = tensors.get("reg_token")?.shape[1];
  return {
    name: "vit",
    ...(heads !== undefined && { heads }),
    epsilon: numberIn(config, "layer_norm_eps") ?? epsilon,
    activation: act,
    qkvBias: tensors.has("blocks.0.attn.qkv.bias"),
    layerScale: tensors.has("blocks.0.ls1.gamma"),
    preNorm: tensors.has("norm_pre.weight"),
    ...(registers !== undefined && { registers }),
  };
}
