/** @file `tokenizer.json` as Hugging Face's library writes and reads it: what of it is a tokenizer of ours. */

import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { Tokenizer, type Vocabulary } from "./tokenizer.ts";

const schema = z.object({
  added_tokens: z.array(z.object({ id: z.int(), content: z.string(), special: z.boolean() })).default([]),
  normalizer: z.null().optional(),
  pre_tokenizer: z
    .object({
      type: z.literal("ByteLevel"),
      add_prefix_space: z.literal(false),
      use_regex: z.boolean().default(true),
    })
    .nullish(),
  model: z.object({
    type: z.literal("BPE").optional(),
    vocab: z.record(z.string(), z.int().min(0)),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    continuing_subword_prefix: z.union([z.null(), z.literal("")]).optional(),
    end_of_word_suffix: z.union([z.null(), z.literal("")]).optional(),
    byte_fallback: z.literal(false).optional(),
    ignore_merges: z.literal(false).optional(),
  }),
});

/**
 * Reads a tokenizer: byte-pair encoding over bytes (GPT-2's and its like) or over characters, without normalisation.
 * @param path said in errors
 * @throws {DataError} not JSON, of another kind, or numbers that are not 0, 1, 2, …
 */
export function parseTokenizer(text: string, path: string): Tokenizer {
  const { model, added_tokens: added, pre_tokenizer: bytes } = checked(text, path);
  const numbers = new Map(Object.entries(model.vocab));
  for (const { id, content } of added) {
    const known = numbers.get(content) ?? id;
    if (known !== id)
      throw new DataError(`${path}: "${content}" is token ${known} and token ${id}`, { path });
    numbers.set(content, id);
  }
  const tokens: string[] = [];
  for (const [token, number] of numbers) {
    if (tokens[number] !== undefined)
      throw new DataError(`${path}: "${tokens[number]}" and "${token}" are both token ${number}`, { path });
    tokens[number] = token;
  }
  for (let n = 0; n < tokens.length; n++)
    if (tokens[n] === undefined)
      throw new DataError(`${path}: no token has the number ${n}, expected 0 to ${tokens.length - 1}`, {
        path,
      });
  const vocabulary: Vocabulary = {
    level: bytes ? "byte" : "character",
    words: bytes?.use_regex ?? false,
    tokens,
    merges: model.merges.map((merge) => (typeof merge === "string" ? pairOf(merge, path) : merge)),
    special: new Map(added.filter(({ special }) => special).map(({ id, content }) => [content, id])),
  };
  return new Tokenizer(vocabulary);
}

/** The values of a tokenizer.json, unchecked. @throws {DataError} not JSON */
export function tokenizerValues(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path}: expected a tokenizer.json, got something that is not JSON`, {
      path,
      cause,
    });
  }
}

function checked(text: string, path: string): z.infer<typeof schema> {
  const result = schema.safeParse(tokenizerValues(text, path));
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new DataError(
    `${path}: expected byte-pair encoding over bytes or characters without normalisation; ${where || "the file"} is another kind`,
    { path },
  );
}

function pairOf(merge: string, path: string): [string, string] {
  const [a, b, ...rest] = merge.split(" ");
  if (a && b && rest.length === 0) return [a, b];
  throw new DataError(`${path}: expected a merge of two tokens, got "${merge}"`, { path });
}

/** The text of a `tokenizer.json` that Hugging Face's library reads: the same tokens for the same text. */
export function tokenizerJson({ vocabulary }: Tokenizer): string {
  const { level, words, tokens, merges, special } = vocabulary;
  const specials = new Set(special.values());
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: words };
  const file = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...special].map(([content, id]) => {
      const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
      return { id, content, ...flags };
    }),
    normalizer: null,
    pre_tokenizer: level === "byte" ? byteLevel : null,
    post_processor: null,
    decoder: level === "byte" ? byteLevel : { type: "Fuse" },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.flatMap((token, n) => (specials.has(n) ? [] : [[token, n] as const]))),
      merges: merges.map((pair) => [...pair]),
    },
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}
