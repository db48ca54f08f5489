/** @file ViTs of timm, and of DINOv2's own code, that have more than ours: names are ours but for a few. */

import type { Config, Layout, Name } from "./layout.ts";
import { vitSettings } from "./vit-settings.ts";

const KEPT = [
  "norm1.",
  "attn.qkv.",
  "attn.proj.",
  "ls1.gamma",
  "norm2.",
  "mlp.fc1.",
  "mlp.fc2.",
  "ls2.gamma",
];
const names: readonly Name[] = [
  ["cls_token", "cls_token"],
  ["reg_token", "reg_token"],
  ["register_tokens", "reg_token"],
  ["patch_embed.proj.", "patch_embed.proj."],
  ["norm_pre.", "norm_pre."],
  ...KEPT.map((name): Name => [`blocks.*.${name}`, `blocks.*.${name}`]),
  ["norm.", "norm."],
  ["head.", "head."],
];
const architectureOf = ({ architecture }: Config): string =>
  typeof architecture === "string" ? architecture : "";
// a head that reads the mean of the patches has a norm of its own
const besides = /^(fc_norm|mask_token|head_dist)\b/;

/** Layer scale, registers: the published ones have positions of the patches alone where there are registers. */
const scaled = (position: Name): Omit<Layout, "anchor" | "name"> => ({
  family: "vit",
  names: [position, ...names],
  besides,
  settings: (tensors, config) => vitSettings(tensors, config, { epsilon: 1e-6 }),
});

export const timmRegisters: Layout = {
  ...scaled(["pos_embed", "pos_embed", "class"]),
  name: "ViT of timm with registers",
  anchor: "reg_token",
};

export const dinov2: Layout = {
  ...scaled(["pos_embed", "pos_embed"]),
  name: "DINOv2",
  anchor: "blocks.0.ls1.gamma",
};

export const timmClip: Layout = {
  ...scaled(["pos_embed", "pos_embed"]),
  name: "CLIP's vision tower of timm",
  anchor: "norm_pre.weight",
  settings: (tensors, config) =>
    vitSettings(tensors, config, {
      epsilon: 1e-5,
      activation: /quickgelu/.test(architectureOf(config)) ? "quick_gelu" : "gelu",
    }),
};
