/** @file `npx tsx campaign/make-shards.ts FOLDER [IMAGES]` writes tar shards of generated JPEGs, to see that memory stays flat. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { tarOf } from "../test/shards.ts";

const [folder, images = "100000"] = process.argv.slice(2);
if (folder === undefined) throw new Error("expected a folder");
const SHARD = 1000;
mkdirSync(folder, { recursive: true });

/** A few blocks of colour, others for each number. */
const jpeg = (n: number): Promise<Uint8Array> => {
  const colours = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => ((i + 37 * n) * 2654435761) >>> 24);
  return sharp(colours, { raw: { width: 4, height: 3, channels: 3 } })
    .resize(160, 120, { fit: "fill" })
    .jpeg()
    .toBuffer();
};

async function write(split: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += SHARD) {
    const numbers = Array.from({ length: Math.min(SHARD, count - from) }, (_, i) => from + i);
    const files = await Promise.all(
      numbers.map(
        async (n) =>
          [
            [`${n}.cls`, `${n % 10}`],
            [`${n}.jpg`, await jpeg(n)],
          ] as const,
      ),
    );
    const name = `${split}-${String(from / SHARD).padStart(5, "0")}.tar`;
    writeFileSync(join(folder!, name), tarOf(files.flat()));
  }
}

await write("train", Number(images));
await write("val", 100);
