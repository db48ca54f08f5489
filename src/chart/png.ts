/** @file Pixels as a PNG, and as a data URI to be embedded in a figure. */

import { crc32, deflateSync } from "node:zlib";
import { UsageError } from "../base/errors.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** An 8-bit PNG as `data:image/png;base64,…`; as `png`. */
export const pngDataUri = (pixels: Uint8Array, width: number, height: number): string =>
  `data:image/png;base64,${png(pixels, width, height).toString("base64")}`;

/**
 * An 8-bit PNG. `pixels` row by row, 0 to 255: [height × width] for grey, or [height × width × 3] for red, green and
 * blue. Throws `UsageError` when their number is neither.
 */
export function png(pixels: Uint8Array, width: number, height: number): Buffer {
  const channels = pixels.length === width * height * 3 ? 3 : 1;
  if (pixels.length !== width * height * channels || pixels.length === 0) {
    throw new UsageError(`picture of ${width} × ${height} pixels cannot have ${pixels.length} values`);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, grey (0) or colour (2), then the only methods of compression, filtering and interlacing wanted here
  header.set([8, channels === 3 ? 2 : 0, 0, 0, 0], 8);
  const stride = width * channels;
  const rows = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
