import { expect, test } from "vitest";
import { parseWordPiece } from "./word-piece.ts";

const WORDS =
  "[PAD] [UNK] [CLS] [SEP] the a un ##aff ##able cafe ##s , . ! ? ' $ \u4e2d \u6587 \u00df strasse str ##a ##e ma ##ss ##i ##n no ##w - _ x ##y ##z 1 ##2 ##3 + \u00e9".split(
    " ",
  );
const TEXTS = [
  "The unaffable caf\u00e9s, a $123!",
  "\u4e2d\u6587x yz",
  "Stra\u00dfe\u200b STRASSE\tnow-now _xyz",
  "ma\u00dfin 'a' +1 \ufffd\u0000a\u00ada",
  "\u00e9 \u00c9 e\u0301 x",
  `${"x".repeat(101)} a`,
  "",
];
const file = (lowercase: boolean, strip_accents: boolean | null) => ({
  normalizer: { type: "BertNormalizer", lowercase, strip_accents },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
    vocab: Object.fromEntries(WORDS.map((word, i) => [word, i])),
  },
});

// tokenizers 0.23
test.each([
  [
    true,
    null,
    [
      [4, 6, 7, 8, 9, 10, 11, 5, 16, 35, 36, 37, 13],
      [17, 18, 32, 1],
      [1, 20, 28, 29, 30, 28, 29, 31, 32, 33, 34],
      [1, 15, 5, 15, 38, 35, 5, 22],
      [1, 1, 1, 32],
      [1, 5],
      [],
    ],
  ],
  [
    false,
    null,
    [
      [1, 6, 7, 8, 1, 11, 5, 16, 35, 36, 37, 13],
      [17, 18, 32, 1],
      [1, 1, 28, 29, 30, 28, 29, 31, 32, 33, 34],
      [1, 15, 5, 15, 38, 35, 5, 22],
      [39, 1, 1, 32],
      [1, 5],
      [],
    ],
  ],
  [
    false,
    true,
    [
      [1, 6, 7, 8, 9, 10, 11, 5, 16, 35, 36, 37, 13],
      [17, 18, 32, 1],
      [1, 1, 28, 29, 30, 28, 29, 31, 32, 33, 34],
      [1, 15, 5, 15, 38, 35, 5, 22],
      [1, 1, 1, 32],
      [1, 5],
      [],
    ],
  ],
] as const)(
  "lower case %j, accents stripped %j: the tokens of Hugging Face's library",
  (lower, strip, tokens) => {
    const pieces = parseWordPiece(file(lower, strip), "tokenizer.json");
    expect(TEXTS.map((text) => [...pieces.encode(text)])).toEqual(tokens);
    expect(pieces.number("[CLS]")).toBe(2);
    expect(pieces.size).toBe(WORDS.length);
  },
);

test("other kinds are refused", () => {
  const { model, ...rest } = file(true, null);
  expect(() => parseWordPiece({ ...rest, model, normalizer: { type: "NFC" } }, "t.json")).toThrow(
    "t.json: expected BERT's normalisation and word pieces; normalizer.type is another kind",
  );
  expect(() => parseWordPiece({ ...rest, model: { ...model, unk_token: "?!" } }, "t.json")).toThrow(
    'its unknown token "?!" is not among its tokens',
  );
});
