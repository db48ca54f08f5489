/** @file Bytes as printable letters, as GPT-2's vocabularies write them, and its rule for where words end. */

/** Letters and digits that Unicode 17 added: the reference library knows those of 16, and engines differ. */
const NEWER =
  "\\u{88F}\\u{C5C}\\u{CDC}\\u{A7CE}\\u{A7CF}\\u{A7D2}\\u{A7D4}\\u{A7F1}\\u{10940}-\\u{10959}\\u{10EC5}-\\u{10EC7}" +
  "\\u{11DB0}-\\u{11DDB}\\u{11DE0}-\\u{11DE9}\\u{16EA0}-\\u{16EB8}\\u{16EBB}-\\u{16ED3}\\u{16FF2}-\\u{16FF6}" +
  "\\u{187F8}-\\u{187FF}\\u{18D09}-\\u{18D1E}\\u{18D80}-\\u{18DF2}\\u{1E6C0}-\\u{1E6DE}\\u{1E6E0}-\\u{1E6E2}\\u{1E6E4}" +
  "\\u{1E6E5}\\u{1E6E7}-\\u{1E6ED}\\u{1E6F0}-\\u{1E6F4}\\u{1E6FE}\\u{1E6FF}\\u{2B73A}-\\u{2B73F}\\u{2CEA2}-\\u{2CEAD}" +
  "\\u{323B0}-\\u{33479}";
const LETTER = `[\\p{L}--[${NEWER}]]`;
const DIGIT = `[\\p{N}--[${NEWER}]]`;
/** JavaScript's \s has U+FEFF and lacks U+0085. */
const SPACE = "\\p{White_Space}";

/** GPT-2's words: contractions, letters, digits, other signs, each with the space before it, and spaces. */
export const WORDS = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?${LETTER}+| ?${DIGIT}+| ?[^${SPACE}${LETTER}${DIGIT}]+` +
    `|${SPACE}+(?!\\P{White_Space})|${SPACE}+`,
  "gv",
);

const printable = (byte: number): boolean =>
  (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;

/** The letter of each byte: itself where it is printable in Latin-1, else the next from U+0100 on. */
export const LETTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const BYTES = new Map(LETTERS.map((letter, byte) => [letter, byte]));

/** Bytes in letters: the form of tokens in a vocabulary. */
export const toLetters = (bytes: Uint8Array): string => Array.from(bytes, (byte) => LETTERS[byte]).join("");

/** The bytes of letters; undefined where one of them stands for none. */
export function toBytes(letters: string): number[] | undefined {
  const bytes: number[] = [];
  for (const letter of letters) {
    const byte = BYTES.get(letter);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}
