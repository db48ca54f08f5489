/** @file Names of Hugging Face's DINOv2, with registers or without. */

import type { Layout } from "./layout.ts";
import { vitSettings } from "./vit-settings.ts";

const AT = "encoder.layer.*.";

export const hfDinov2: Layout = {
  name: "DINOv2 of Hugging Face",
  family: "vit",
  anchor: "encoder.layer.0.layer_scale1.lambda1",
  names: [
    ["embeddings.cls_token", "cls_token"],
    ["embeddings.register_tokens", "reg_token"],
    ["embeddings.position_embeddings", "pos_embed"],
    ["embeddings.patch_embeddings.projection.", "patch_embed.proj."],
    [`${AT}norm1.`, "blocks.*.norm1."],
    [`${AT}attention.attention.query.`, "blocks.*.attn.qkv.", 0],
    [`${AT}attention.attention.key.`, "blocks.*.attn.qkv.", 1],
    [`${AT}attention.attention.value.`, "blocks.*.attn.qkv.", 2],
    [`${AT}attention.output.dense.`, "blocks.*.attn.proj."],
    [`${AT}layer_scale1.lambda1`, "blocks.*.ls1.gamma"],
    [`${AT}norm2.`, "blocks.*.norm2."],
    [`${AT}mlp.fc1.`, "blocks.*.mlp.fc1."],
    [`${AT}mlp.fc2.`, "blocks.*.mlp.fc2."],
    [`${AT}layer_scale2.lambda1`, "blocks.*.ls2.gamma"],
    ["layernorm.", "norm."],
  ],
  // its classifier reads the class token beside the mean of the patches
  besides: /^(classifier|embeddings\.mask_token)\b/,
  settings: (tensors, config) => vitSettings(tensors, config, { epsilon: 1e-6 }),
};
