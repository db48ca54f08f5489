/** @file A language model on a text: attention of every head, the likeliest tokens, what each layer makes of each token. */

import { z } from "zod";
import { stacksOf } from "../../measure/index.ts";
import { restoreLanguageModel } from "../../method/language/run.ts";
import { MASK, openTokens, runTokenizer } from "../../method/language/text.ts";
import { openRunOf } from "../../method/load-run.ts";
import { formOf } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { authorsLayerRate } from "../../rate/index.ts";
import { noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import type { TextAnswer, TextAsked } from "../shapes.ts";
import { checked, checkpoint } from "./asked.ts";
import { held } from "./held.ts";
import { toNumbers } from "./pixels.ts";

const schema = z.object({
  checkpoint,
  text: z.string().max(20_000),
  top: z.int().min(1).max(50),
}) satisfies z.ZodType<TextAsked>;

/** ε of the authors' estimator, not squared. */
const EPSILON = 0.01;

function open(folder: string, which: string) {
  const { recipe, checkpoint } = openRunOf(folder, which, ["language"], "looking at a text");
  try {
    const tokenizer = runTokenizer(folder, checkpoint);
    const model = restoreLanguageModel(recipe, checkpoint, tokenizer).eval();
    const { causal } = formOf(recipe.model.name, "language");
    return { recipe, model, tokenizer, causal, [Symbol.dispose]: () => model.dispose() };
  } finally {
    freeCheckpoint(checkpoint);
  }
}

type Opened = ReturnType<typeof open>;

/** @throws {UsageError} a run of another method, no text; {DataError} a character that is no token */
export async function text(folder: string, asked: unknown): Promise<TextAnswer> {
  const { checkpoint: which, text: given, top } = checked(schema, asked);
  const opened = await held(folder, which, "language", () => open(folder, which));
  const { model, tokenizer, causal } = opened;
  const all = given === "" ? beginning(opened) : tokenize(opened, given);
  if (all.length === 0) throw new UsageError("text: expected some words, got none");
  const { context } = model.options;
  const ids = all.slice(-context);
  return noGrad(() =>
    scope(() => {
      const row = tensor(BigInt64Array.from(ids, BigInt), { shape: [1, ids.length] });
      const layers = stacksOf(model)[0]?.layers ?? [];
      const wants = layers.flatMap(({ path }) => [path, `${path}.*.attention`, `${path}.*.projection`]);
      const { result, found } = record(model, wants, () => model.apply(row), "allowed");
      try {
        const p = result.select(0, 0).narrow(1, 0, tokenizer.size).softmax(-1); // [n, V]
        const [values, places] = p.topk(Math.min(top, tokenizer.size));
        const [likeliest, tokens] = [values.toArray() as number[][], places.toArray() as number[][]];
        const word = (id: number) => tokenizer.decode([id]);
        // where tokens are filled in, each stands where it is asked for
        const asked = ids.map((_, i) => ids[causal ? i + 1 : i]);
        return {
          tokens: ids.map(word),
          ...{ leftOut: all.length - ids.length, context, causal },
          next: likeliest.map((row, i) => row.map((p, j) => ({ token: word(Number(tokens[i]![j]!)), p }))),
          pOfNext: asked.map((id, i) => (id === undefined ? null : p.select(0, i).select(0, id).item())),
          layers: layers.map(({ path }) => layerOf(path, found)),
        };
      } finally {
        for (const each of found.values()) each.dispose();
      }
    }, "text"),
  );
}

/** Tokens of a beginning that are shown. */
const SHOWN = 48;

/** Where nothing was typed: how the run's test text begins. */
const beginning = ({ recipe, tokenizer, model }: Opened): number[] => [
  ...Array.from(openTokens(recipe, tokenizer).test.subarray(0, Math.min(SHOWN, model.options.context))),
];

/** Tokens of a text; `<mask>` in it is the token that is to be filled in. */
function tokenize({ tokenizer, causal }: Opened, given: string): number[] {
  if (causal) return [...tokenizer.encode(given)];
  const mask = tokenizer.special(MASK);
  return given.split(MASK).flatMap((part, i) => [...(i > 0 ? [mask] : []), ...tokenizer.encode(part)]);
}

function layerOf(path: string, found: ReadonlyMap<string, Tensor>): TextAnswer["layers"][number] {
  const end = (ending: string) => [...found].find(([name]) => name.startsWith(`${path}.`) && name.endsWith(`.${ending}`))?.[1]; // biome-ignore format: short
  const [A, W, Z] = [end("attention"), end("projection"), found.get(path)!];
  const n = Z.size(1);
  return {
    attention: A === undefined ? { dims: [0, n, n], data: "" } : toNumbers(A.select(0, 0)),
    ...(W && { rc: Array.from({ length: n }, (_, i) => scope(() => authorsLayerRate(W.narrow(2, 0, i + 1).to("float64"), EPSILON).item())) }), // biome-ignore format: short
    nonZero: Z.select(0, 0).ne(0).to("float32").mean(-1).numbers(),
  };
}
