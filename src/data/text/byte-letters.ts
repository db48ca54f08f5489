/** @file Bytes as printable letters, as GPT-2's vocabularies write them, and its rule for where words end. */

/** GPT-2's words: contractions, letters, digits, other signs, each with the space before it, and spaces. */
export const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

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
