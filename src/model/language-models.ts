/** @file Language models by name. */

import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import { Bert, type BertOptions } from "./language/bert.ts";
import { Gpt, type GptOptions } from "./language/gpt.ts";
import { type GptKind, gptKinds } from "./language/gpt-block.ts";

export type LanguageModelOptions = Omit<GptOptions, "kind"> & Pick<BertOptions, "pad" | "classes">;

export interface LanguageModelInfo {
  name: string;
  about: string;
  dim: number;
  depth: number;
  heads: number;
  /** Most tokens of a sequence. */
  block: number;
  vocabulary: number;
  parameters: number;
}

const BERTS = ["crate_bert", "bert"] as const;

/** Every name that `createLanguageModel` takes. */
export const languageModelNames = (): string[] => [...gptKinds, ...BERTS];

/** Whether a model predicts the next token; the others fill masked ones in. */
export const isCausal = (name: string): name is GptKind => gptKinds.some((kind) => kind === name);

/** Builds a language model. @throws {UsageError} unknown name, heads that do not divide the width */
export function createLanguageModel(name: string, options: LanguageModelOptions, random: Random): Gpt | Bert {
  const { pad, classes, ...sizes } = options;
  if (isCausal(name)) return scope(() => new Gpt({ kind: name, ...sizes }, random), "createLanguageModel");
  const kind = BERTS.find((known) => known === name);
  if (kind === undefined)
    throw new UsageError(
      `language model: no "${name}"${hint(name, languageModelNames())}; expected one of ${languageModelNames().join(", ")}`,
    );
  const more = { ...(pad !== undefined && { pad }), ...(classes !== undefined && { classes }) };
  return scope(() => new Bert({ kind, ...sizes, ...more }, random), "createLanguageModel");
}

/** Parameters of one layer: of width d, in K heads, for sequences of n tokens. */
const LAYERS: Record<string, (d: number, K: number, n: number) => number> = {
  crate_gpt: (d) => 3 * d * d + 5 * d,
  crate_lm: (d) => 6 * d * d + 5 * d,
  crate_alpha_gpt: (d) => 10 * d * d + 4 * d,
  aot_gpt: (d) => 2 * d * d + 3 * d,
  tost_gpt: (d, K, n) => 10 * d * d + 4 * d + K + K * n,
  gpt2: (d) => 12 * d * d + 13 * d,
  crate_bert: (d) => 3 * d * d + 4 * d,
  bert: (d) => 12 * d * d + 13 * d,
};

/** Parameters of a language model without building it; the tied table of tokens counts once. */
export function languageParameterCount(name: string, options: LanguageModelOptions): number {
  const { dim: d, depth, heads, block, vocabulary: V, pad, classes } = options;
  const layers = depth * (LAYERS[name]?.(d, heads, block) ?? Number.NaN);
  if (isCausal(name)) {
    const norm = { crate_gpt: 0, tost_gpt: d }[name as string] ?? 2 * d;
    return V * d + block * d + layers + norm;
  }
  const positions = block + (pad === undefined ? 0 : pad + 1);
  const head = d * d + d + (classes === undefined ? 2 * d + V : d * classes + classes);
  return V * d + positions * d + 2 * d + 2 * d + layers + head;
}

const shape = { block: 1024, vocabulary: 50_304 };
const PUBLISHED: readonly [string, string, LanguageModelOptions][] = [
  ["crate_gpt", "CRATE-GPT2-Base, Yu et al. 2024", { dim: 768, depth: 12, heads: 12, ...shape }],
  ["crate_lm", "CRATE with a 4 × dictionary, Bai and Ma 2024", { dim: 768, depth: 12, heads: 12, ...shape }],
  ["crate_alpha_gpt", "CRATE-α as a language model", { dim: 512, depth: 12, heads: 8, ...shape }],
  ["aot_gpt", "attention only, Wang et al. 2025", { dim: 768, depth: 12, heads: 12, ...shape }],
  ["tost_gpt", "ToST-Base, Wu et al. 2024", { dim: 768, depth: 12, heads: 12, ...shape }],
  ["gpt2", "GPT-2, for comparison", { dim: 768, depth: 12, heads: 12, ...shape }],
  [
    "crate_bert",
    "CRATE-BERT, Yu et al. 2024",
    { dim: 768, depth: 12, heads: 12, block: 510, pad: 1, vocabulary: 50_265 },
  ],
  ["bert", "BERT-Base, for comparison", { dim: 768, depth: 12, heads: 12, block: 512, vocabulary: 30_522 }],
];

/** The language models at the size of a paper each. */
export function languageModels(): LanguageModelInfo[] {
  return PUBLISHED.map(([name, about, options]) => {
    const { dim, depth, heads, block, vocabulary } = options;
    const parameters = languageParameterCount(name, options);
    return { name, about, dim, depth, heads, block, vocabulary, parameters };
  });
}
