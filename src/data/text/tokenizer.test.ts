import fc from "fast-check";
import { expect, test } from "vitest";
import { Tokenizer } from "./tokenizer.ts";
import { parseTokenizer, tokenizerJson } from "./tokenizer-json.ts";
import { byteTokenizer, characterTokenizer, trainBpe } from "./train-tokenizer.ts";

const decodeEach = (tokenizer: Tokenizer, text: string) =>
  Array.from(tokenizer.encode(text), (token) => tokenizer.decode([token]));

test("characters are numbered by code point; the same text comes back", () => {
  const tokenizer = characterTokenizer("bananas, ä 😀");
  expect(tokenizer.vocabulary.tokens.join("")).toBe(" ,abnsä😀");
  expect([...tokenizer.encode("ban😀")]).toEqual([3, 2, 4, 7]);
  expect(tokenizer.decode([3, 2, 4, 7])).toBe("ban😀");
});

test("a character that is no token is refused with its place, a number that is none too", () => {
  const tokenizer = characterTokenizer("abc");
  expect(() => tokenizer.encode("abé")).toThrow('"é" (U+00E9) at 2 is not among its 3 tokens');
  expect(() => tokenizer.decode([0, 3])).toThrow("from 0 to 2, got 3: it is another vocabulary's");
  expect(() => tokenizer.special("<mask>")).toThrow('expected a special token "<mask>", got none');
});

test("bytes are their own numbers; no text is beyond them", () => {
  const tokenizer = byteTokenizer();
  expect([...tokenizer.encode("aé")]).toEqual([97, 0xc3, 0xa9]);
  expect(tokenizer.decode([0xc3])).toBe("�");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
    { seed: 1 },
  );
});

test("trainBpe: the pair met most is merged first, ties by the older parts, nothing across words", () => {
  // aa is met twice in aaa but stands 2 × 3 times; ab once a word
  const tokenizer = trainBpe("aaab aaab aaab cd cd", 256 + 6);
  const merges = tokenizer.vocabulary.merges.map((pair) => pair.join("+"));
  expect(merges[0]).toBe("a+a");
  expect(merges.slice(1, 3)).toEqual(["a+b", "aa+ab"]);
  expect(merges.some((merge) => merge.includes("bĠ"))).toBe(false);
  expect(decodeEach(tokenizer, "aaab aaab cd")).toEqual(["aaab", " aaab", " cd"]);
});

test("merging stops where no pair is met twice", () => {
  expect(trainBpe("abcdef", 300).size).toBe(256);
  expect(() => trainBpe("ab", 255)).toThrow("expected 256 tokens or more, the bytes, got 255");
});

test("the earliest merge wins, not the longest token", () => {
  const tokens = ["a", "b", "c", "bc", "ab", "abc"];
  const merges = [
    ["b", "c"],
    ["a", "b"],
    ["ab", "c"],
  ] as const;
  const tokenizer = new Tokenizer({ level: "character", words: false, tokens, merges, special: new Map() });
  expect(decodeEach(tokenizer, "abcab")).toEqual(["a", "bc", "ab"]);
});

test("GPT-2's words keep the space before them and split contractions, digits and signs", () => {
  const tokenizer = trainBpe("it's 12 o'clock...  now\n\n".repeat(3), 400);
  expect(decodeEach(tokenizer, "it's 12 o'clock...  now\n\n")).toEqual([
    ..."it|'s| 12| o|'|clock|...| | now|\n|\n".split("|"), // line ends are met together once only
  ]);
});

test("any text comes back from merged bytes", () => {
  const tokenizer = trainBpe("the cat and the hat and the bat, ünïcödé ünïcödé", 290);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
    { seed: 1 },
  );
});

const examples = {
  characters: characterTokenizer("a text of letters"),
  bytes: byteTokenizer(),
  bpe: trainBpe("a text of letters, a text of words", 270).with(["<mask>"]),
};

test.each(Object.entries(examples))("tokenizer.json of %s is read as it was written", (_, tokenizer) => {
  const again = parseTokenizer(tokenizerJson(tokenizer), "t.json");
  expect(again.vocabulary).toEqual(tokenizer.vocabulary);
  expect(again.encode("a text")).toEqual(tokenizer.encode("a text"));
});

test("special tokens follow the others, are written under their names, and are not found in text", () => {
  const tokenizer = examples.bpe;
  expect(tokenizer.special("<mask>")).toBe(tokenizer.size - 1);
  expect(tokenizer.with(["<mask>"]).size).toBe(tokenizer.size);
  expect(tokenizer.decode([...tokenizer.encode("a"), tokenizer.size - 1])).toBe("a<mask>");
  expect([...tokenizer.encode("<mask>")]).not.toContain(tokenizer.size - 1);
});

test("merges as one text each, the older form of the file, are read too", () => {
  const file = JSON.parse(tokenizerJson(examples.bpe));
  file.model.merges = file.model.merges.map((pair: string[]) => pair.join(" "));
  expect(parseTokenizer(JSON.stringify(file), "t.json").vocabulary).toEqual(examples.bpe.vocabulary);
});

test.each([
  ["{", "not JSON"],
  [{ model: { type: "WordPiece", vocab: {}, merges: [] } }, "model.type is another kind"],
  [{ normalizer: { type: "NFC" }, model: { vocab: {}, merges: [] } }, "normalizer is another kind"],
  [{ model: { vocab: { a: 0, b: 2 }, merges: [] } }, "no token has the number 1"],
  [{ model: { vocab: { a: 0, b: 0 }, merges: [] } }, '"a" and "b" are both token 0'],
  [{ model: { vocab: { a: 0, b: 1 }, merges: ["a b"] } }, 'needs a token "ab"'],
  [{ model: { vocab: { a: 0 }, merges: ["a"] } }, 'expected a merge of two tokens, got "a"'],
])("%o is refused", (file, message) => {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  expect(() => parseTokenizer(text, "t.json")).toThrow(message);
});
