/** @file Shards of images for tests: tar as WebDataset writes it, Parquet as Hugging Face does. */

import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";

type ColumnWriting = Parameters<typeof parquetWriteBuffer>[0];

/** A JPEG of one colour, whose red says which it is. */
export const plainJpeg = (red: number, width = 24, height = 18): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 90, b: 30 } } })
    .jpeg({ quality: 100 })
    .toBuffer();

/** An archive (ustar) of files. */
export function tarOf(files: readonly (readonly [name: string, bytes: Uint8Array | string])[]): Uint8Array {
  const blocks = files.flatMap(([name, content]) => {
    const bytes = Buffer.from(content as string);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\0", 100);
    header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        0", 148);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** Images and labels as columns, or structs as Hugging Face has them, with the names of the classes where Hugging Face's library keeps them. */
export function imageParquet(
  images: readonly Uint8Array[],
  labels: readonly (number | null)[],
  {
    classes,
    rowGroupSize = 4,
    struct = false,
  }: { classes?: readonly string[]; rowGroupSize?: number; struct?: boolean } = {},
): Uint8Array {
  const value = JSON.stringify({ info: { features: { label: { names: classes } } } });
  const label = { name: "label", data: [...labels] };
  const columns: Pick<ColumnWriting, "columnData" | "schema"> = struct
    ? {
        schema: [
          { name: "root", num_children: 2 },
          { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
          { name: "bytes", repetition_type: "OPTIONAL", type: "BYTE_ARRAY" },
          { name: "path", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" },
          { name: "label", repetition_type: "OPTIONAL", type: "INT64" },
        ],
        columnData: [
          { name: "image", data: images.map((bytes, i) => ({ bytes, path: `${i}.jpg` })) },
          { ...label, data: labels.map((value) => (value === null ? null : BigInt(value))) },
        ],
      }
    : {
        columnData: [
          { name: "image", data: [...images], type: "BYTE_ARRAY" },
          { ...label, type: "INT32", nullable: labels.includes(null) },
        ],
      };
  return new Uint8Array(
    parquetWriteBuffer({
      ...columns,
      rowGroupSize,
      ...(classes && { kvMetadata: [{ key: "huggingface", value }] }),
    }),
  );
}
