/** @file Names of the vision tower of Hugging Face's CLIP. */

import type { Config, Layout } from "./layout.ts";
import { vitSettings } from "./vit-settings.ts";

const AT = "encoder.layers.*.";

/** Of a whole CLIP the settings of its vision tower stand in a part of config.json. */
const visionOf = (config: Config): Config =>
  typeof config.vision_config === "object" && config.vision_config !== null
    ? (config.vision_config as Config)
    : config;

export const hfClip: Layout = {
  name: "CLIP's vision tower of Hugging Face",
  family: "vit",
  anchor: "embeddings.class_embedding",
  names: [
    ["embeddings.class_embedding", "cls_token", "row"],
    ["embeddings.position_embedding.weight", "pos_embed", "row"],
    ["embeddings.patch_embedding.weight", "patch_embed.proj.weight"],
    ["pre_layrnorm.", "norm_pre."],
    [`${AT}layer_norm1.`, "blocks.*.norm1."],
    [`${AT}self_attn.q_proj.`, "blocks.*.attn.qkv.", 0],
    [`${AT}self_attn.k_proj.`, "blocks.*.attn.qkv.", 1],
    [`${AT}self_attn.v_proj.`, "blocks.*.attn.qkv.", 2],
    [`${AT}self_attn.out_proj.`, "blocks.*.attn.proj."],
    [`${AT}layer_norm2.`, "blocks.*.norm2."],
    [`${AT}mlp.fc1.`, "blocks.*.mlp.fc1."],
    [`${AT}mlp.fc2.`, "blocks.*.mlp.fc2."],
    ["post_layernorm.", "norm."],
  ],
  besides: /^(embeddings\.position_ids)\b/,
  settings: (tensors, config) =>
    vitSettings(tensors, visionOf(config), { epsilon: 1e-5, activation: "quick_gelu" }),
};
