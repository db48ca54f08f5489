/** @file Numbers and pixels as the studio's server sends them: base64 in JSON. */

import type { Numbers, PixelBytes } from "../../src/studio/shapes.ts";

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** float32, row by row. */
export const floatsOf = ({ data }: Numbers): Float32Array => new Float32Array(bytesOf(data).buffer);

export const numbersOf = (dims: readonly number[], data: Float32Array): Numbers => ({
  dims,
  data: base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
});

/** Grey or colours as a canvas takes them: red, green, blue, opaque. */
export function coloursOf({ width, height, channels, data }: PixelBytes): ImageData {
  const bytes = bytesOf(data);
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[i * channels + (channels === 3 ? c : 0)]!;
    image.data[4 * i + 3] = 255;
  }
  return image;
}
