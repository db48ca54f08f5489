/** @file Names of Hugging Face's ViT, which DINO has too, and of the encoder of its MAE. */

import type { Layout } from "./layout.ts";
import { vitSettings } from "./vit-settings.ts";

const AT = "encoder.layer.*.";

export const hfVit: Layout = {
  name: "ViT, DINO or MAE of Hugging Face",
  family: "vit",
  anchor: "encoder.layer.0.layernorm_before.weight",
  names: [
    ["embeddings.cls_token", "cls_token"],
    ["embeddings.position_embeddings", "pos_embed"],
    ["embeddings.patch_embeddings.projection.", "patch_embed.proj."],
    [`${AT}layernorm_before.`, "blocks.*.norm1."],
    [`${AT}attention.attention.query.`, "blocks.*.attn.qkv.", 0],
    [`${AT}attention.attention.key.`, "blocks.*.attn.qkv.", 1],
    [`${AT}attention.attention.value.`, "blocks.*.attn.qkv.", 2],
    [`${AT}attention.output.dense.`, "blocks.*.attn.proj."],
    [`${AT}layernorm_after.`, "blocks.*.norm2."],
    [`${AT}intermediate.dense.`, "blocks.*.mlp.fc1."],
    [`${AT}output.dense.`, "blocks.*.mlp.fc2."],
    ["layernorm.", "norm."],
    ["classifier.", "head."],
  ],
  besides: /^(pooler|decoder|embeddings\.mask_token|cls_classifier|distillation_classifier)\b/,
  settings: (tensors, config) => vitSettings(tensors, config, { epsilon: 1e-12 }),
};
