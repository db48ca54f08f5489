/** @file Names of Hugging Face's BERT, today's and those of its first files, which call a norm's weight gamma. */

import { type Layout, type Name, numberIn } from "./layout.ts";

const same = (name: string): Name => [name, `bert.${name}`];
const norm = (name: string, ours = `bert.${name}`): Name[] => [
  [`${name}.`, `${ours}.`],
  [`${name}.gamma`, `${ours}.weight`],
  [`${name}.beta`, `${ours}.bias`],
];
const AT = "encoder.layer.*.";
const LINEAR = [
  "attention.self.query.",
  "attention.self.key.",
  "attention.self.value.",
  "attention.output.dense.",
];

export const hfBert: Layout = {
  name: "BERT of Hugging Face",
  family: "bert",
  anchor: "embeddings.token_type_embeddings.weight",
  names: [
    same("embeddings.word_embeddings.weight"),
    same("embeddings.position_embeddings.weight"),
    same("embeddings.token_type_embeddings.weight"),
    ...norm("embeddings.LayerNorm"),
    ...LINEAR.map((name) => same(`${AT}${name}`)),
    ...norm(`${AT}attention.output.LayerNorm`),
    same(`${AT}intermediate.dense.`),
    same(`${AT}output.dense.`),
    ...norm(`${AT}output.LayerNorm`),
    ["cls.predictions.bias", "cls.predictions.bias"],
    ["cls.predictions.transform.dense.", "cls.predictions.transform.dense."],
    ...norm("cls.predictions.transform.LayerNorm", "cls.predictions.transform.LayerNorm"),
  ],
  besides: /^(pooler|embeddings\.position_ids)\b/,
  settings(tensors, config) {
    const { hidden_act: act = "gelu", position_embedding_type: positions = "absolute" } = config;
    const epsilon = numberIn(config, "layer_norm_eps") ?? 1e-12;
    if (act !== "gelu") return `its activation is ${String(act)}; ours is gelu`;
    if (positions !== "absolute") return `its positions are ${String(positions)}; ours are absolute`;
    if (epsilon !== 1e-12) return `its norms have ε ${epsilon}; ours have 1e-12`;
    if (tensors.get("bert.embeddings.token_type_embeddings.weight")?.shape[0] !== 2)
      return "it has not two segments, as ours has (RoBERTa has one)";
    const heads = numberIn(config, "num_attention_heads");
    return { name: "bert", ...(heads !== undefined && { heads }) };
  },
};
