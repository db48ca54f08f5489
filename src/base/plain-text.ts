/**
 * @file Text for people. Names of files, classes and tensors come from others: none may move the cursor, change colours or
 * turn the direction of what follows. All text for stdout and stderr goes through here.
 */

/** Control characters that stand for white space, and the line and paragraph separators. */
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const SPACES_IN_LINE = /[\v\f\r\u0085\u2028\u2029]+/g;
/** Other control characters (C0, C1, delete), and marks that change the direction of text. */
const STEERING = /(?![\t\n])[\p{Cc}\p{Bidi_Control}]/gu;
/** What JSON leaves as it is although it steers. */
const STEERING_IN_JSON = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu;

/** The text as one line: white space as a space, every other character that steers a terminal as �. */
export const plain = (text: string): string => text.replace(SPACES, " ").replace(STEERING, "�");

/** The same, but line ends and tabs stay. */
export const plainLines = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(SPACES_IN_LINE, " ").replace(STEERING, "�");

/** JSON in which the same characters are escaped: harmless, and the same value. */
export const plainJson = (json: string): string =>
  json.replace(STEERING_IN_JSON, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A line of at most `most` characters: its begin, and its end, which says what to do. */
export function shortened(line: string, most = 1000): string {
  if (line.length <= most) return line;
  const end = Math.floor(most / 3);
  return `${line.slice(0, most - end - 3)} … ${line.slice(-end)}`;
}

/** A number as people write it: 4096 and 1000, but 1e6 and 1e-12. */
export function shortest(n: number): string {
  const [digits, exponent] = [String(n), n.toExponential().replace("+", "")];
  return exponent.length + 2 < digits.length ? exponent : digits;
}
