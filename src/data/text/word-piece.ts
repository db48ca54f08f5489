/** @file BERT's tokens: words are normalised, cut at white space and punctuation, and spelt by the longest known pieces. */

import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { largestOf } from "../../base/extremes.ts";

const schema = z.object({
  added_tokens: z.array(z.object({ id: z.int().min(0), content: z.string() })).default([]),
  normalizer: z.object({
    type: z.literal("BertNormalizer"),
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean().default(true),
  }),
  pre_tokenizer: z.object({ type: z.literal("BertPreTokenizer") }),
  model: z.object({
    type: z.literal("WordPiece"),
    unk_token: z.string(),
    continuing_subword_prefix: z.string(),
    max_input_chars_per_word: z.int().min(1).default(100),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
});

type File = z.infer<typeof schema>;

/** Characters of Chinese, Japanese and Korean that are words of their own. */
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const CONTROL = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cn}\p{Co}\ufffd]/gu;
const PUNCTUATION = /[\p{P}$+<=>^`|~]/u;

export class WordPiece {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(private readonly file: File) {
    const added = file.added_tokens.map(({ content, id }) => [content, id] as const);
    this.numbers = new Map([...Object.entries(file.model.vocab), ...added]);
  }

  get size(): number {
    return largestOf(this.numbers.values()) + 1;
  }

  /** The number of a token such as [CLS]; nothing where there is none. */
  number = (token: string): number | undefined => this.numbers.get(token);

  /** Tokens of a text. Special tokens are not looked for: text is text. */
  encode(text: string): Int32Array {
    const found: number[] = [];
    for (const word of wordsOf(this.normal(text))) for (const token of this.spelt(word)) found.push(token);
    return Int32Array.from(found);
  }

  private normal(text: string): string {
    const {
      clean_text: clean,
      handle_chinese_chars: cut,
      strip_accents: strip,
      lowercase,
    } = this.file.normalizer;
    let normal = clean ? text.replace(CONTROL, "").replace(/\s/gu, " ") : text;
    if (cut) normal = normal.replace(IDEOGRAPH, " $& ");
    if (strip ?? lowercase) normal = normal.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lowercase ? normal.toLowerCase() : normal;
  }

  /** The longest pieces from the left on; the unknown token for a word that has none somewhere. */
  private spelt(word: string): number[] {
    const {
      unk_token: unknown,
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: most,
    } = this.file.model;
    const none = [this.numbers.get(unknown)!];
    const letters = [...word];
    if (letters.length > most) return none;
    const pieces: number[] = [];
    for (let from = 0; from < letters.length; ) {
      let to = letters.length;
      let number: number | undefined;
      for (; to > from; to--) {
        number = this.numbers.get((from > 0 ? prefix : "") + letters.slice(from, to).join(""));
        if (number !== undefined) break;
      }
      if (number === undefined) return none;
      pieces.push(number);
      from = to;
    }
    return pieces;
  }
}

/** Words and single marks of punctuation. */
function* wordsOf(text: string): Generator<string> {
  let word = "";
  for (const letter of text) {
    const mark = PUNCTUATION.test(letter);
    if (!mark && !/\s/u.test(letter)) {
      word += letter;
      continue;
    }
    if (word !== "") yield word;
    word = "";
    if (mark) yield letter;
  }
  if (word !== "") yield word;
}

/** Whether a tokenizer.json is of this kind. */
export const isWordPiece = (values: unknown): boolean =>
  (values as { model?: { type?: unknown } } | null)?.model?.type === "WordPiece";

/** @param path said in errors. @throws {DataError} word pieces with other normalisation than BERT's */
export function parseWordPiece(values: unknown, path: string): WordPiece {
  const { success, data, error } = schema.safeParse(values);
  if (!success)
    throw new DataError(
      `${path}: expected BERT's normalisation and word pieces; ${error.issues[0]?.path.join(".")} is another kind`,
      { path },
    );
  if (data.model.vocab[data.model.unk_token] === undefined)
    throw new DataError(`${path}: its unknown token "${data.model.unk_token}" is not among its tokens`, {
      path,
    });
  return new WordPiece(data);
}
