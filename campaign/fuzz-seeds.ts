/** @file Good inputs that are made, not kept: pictures, an encoder, an archive, a report. */

import sharp from "sharp";
import { Message } from "../src/base/protobuf.ts";
import { sampleReport } from "../src/measure/fixture.ts";

/** One picture in each format that is read, small and with an odd size. */
export async function seedImages(): Promise<Uint8Array[]> {
  const raw = Buffer.from(Uint8Array.from({ length: 9 * 7 * 4 }, (_, i) => (i * i) >> 3));
  const picture = sharp(raw, { raw: { width: 9, height: 7, channels: 4 } });
  const encoded = [
    picture.clone().jpeg(),
    picture.clone().jpeg({ progressive: true }).toColourspace("cmyk"),
    picture.clone().png(),
    picture.clone().png({ palette: true }),
    picture.clone().webp(),
    picture.clone().webp({ lossless: true }),
    picture.clone().gif(),
    picture.clone().tiff({ compression: "lzw" }),
    picture.clone().withMetadata({ orientation: 6 }).jpeg(),
  ];
  return Promise.all(encoded.map(async (image) => new Uint8Array(await image.toBuffer())));
}

/** An encoder: features = flatten(images) · W, of images 2 × 2. */
export function seedOnnx(): Uint8Array {
  const node = (kind: string, inputs: string[], output: string) => {
    const made = new Message();
    for (const input of inputs) made.text(1, input);
    return made.text(2, output).text(4, kind);
  };
  const info = (name: string, shape: readonly (string | number)[]) => {
    const sizes = new Message();
    for (const size of shape)
      sizes.message(
        1,
        typeof size === "number" ? new Message().varint(1, size) : new Message().text(2, size),
      );
    const type = new Message().varint(1, 1).message(2, sizes);
    return new Message().text(1, name).message(2, new Message().message(1, type));
  };
  const weights = new Message()
    .varint(1, 12)
    .varint(1, 2)
    .varint(2, 1)
    .text(8, "W")
    .bytes(9, new Uint8Array(96));
  const graph = new Message()
    .message(1, node("Flatten", ["x"], "flat"))
    .message(1, node("MatMul", ["flat", "W"], "y"))
    .text(2, "g")
    .message(5, weights)
    .message(11, info("x", ["b", 3, 2, 2]))
    .message(12, info("y", ["b", 2]));
  const opset = new Message().text(1, "").varint(2, 17);
  return new Uint8Array(new Message().varint(1, 8).message(8, opset).message(7, graph).finish());
}

/** A tar archive of files. */
export function tarOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = Object.entries(files).flatMap(([name, data]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0ustar", 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.from(data), Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return new Uint8Array(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

/** A report of a small model. */
export const seedReport = async (): Promise<string> => JSON.stringify(await sampleReport("vit", 4));
