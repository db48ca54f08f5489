/** @file A mask as a part of an address: four patches in a digit of base 16; the digit in front says how many the last one has (0: all four). */

/** Of the last digit the patches that are not there are 0. */
export function toHex(mask: readonly number[]): string {
  let text = (mask.length % 4).toString();
  for (let at = 0; at < mask.length; at += 4) {
    const four = [0, 1, 2, 3].map((i) => mask[at + i] ?? 0);
    text += (8 * four[0]! + 4 * four[1]! + 2 * four[2]! + four[3]!).toString(16);
  }
  return text;
}

export function fromHex(text: string): number[] {
  const rest = Number.parseInt(text[0] ?? "0", 16) % 4;
  const mask = [...text.slice(1)].flatMap((digit) => {
    const value = Number.parseInt(digit, 16);
    return [(value >> 3) & 1, (value >> 2) & 1, (value >> 1) & 1, value & 1];
  });
  return rest === 0 ? mask : mask.slice(0, mask.length - 4 + rest);
}
