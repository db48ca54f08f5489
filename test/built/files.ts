/** @file Small files of the kinds that the documents name: PyTorch, IDX, images, masks. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { zipChunks } from "../../src/base/write-zip.ts";
import type { Tensor } from "../../src/tensor/index.ts";

/** float32 tensors as `torch.save` writes them: a zip archive of a pickle and one file for each storage. */
export function writePth(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  const int = (n: number) => {
    const bytes = Buffer.from("J\0\0\0\0", "latin1");
    bytes.writeInt32LE(n, 1);
    return bytes.toString("latin1");
  };
  const text = (value: string) => `X${int(Buffer.byteLength(value)).slice(1)}${value}`;
  const tuple = (numbers: readonly number[]) => `(${numbers.map(int).join("")}t`;
  const members = new Map<string, Uint8Array[]>();
  const entries = [...tensors].map(([name, tensor], i) => {
    const values = Float32Array.from(tensor.numbers());
    members.set(`weights/data/${i}`, [new Uint8Array(values.buffer)]);
    const strides = tensor.shape.map((_, k) => tensor.shape.slice(k + 1).reduce((a, b) => a * b, 1));
    const storage = `(${text("storage")}ctorch\nFloatStorage\n${text(`${i}`)}${text("cpu")}${int(values.length)}tQ`;
    const parts = `${storage}K\0${tuple(tensor.shape)}${tuple(strides)}\x89ccollections\nOrderedDict\n)R`;
    return `${text(name)}ctorch._utils\n_rebuild_tensor_v2\n(${parts}tR`;
  });
  const pickle = Buffer.from(`\x80\x02}(${entries.join("")}u.`, "latin1");
  members.set("weights/data.pkl", [new Uint8Array(pickle)]);
  members.set("weights/version", [new Uint8Array(Buffer.from("3\n"))]);
  writeFileSync(path, Buffer.concat(zipChunks(members)));
}

/** MNIST-like files of `count` images and labels for both splits, whose classes differ in brightness. */
export function writeIdx(folder: string, count: number, firstLabels: string): void {
  for (const prefix of ["train", "t10k"]) {
    const labels = Uint8Array.from({ length: count }, (_, i) => Number(firstLabels[i] ?? i % 10));
    const images = Buffer.alloc(16 + count * 784);
    for (const [i, n] of [0x803, count, 28, 28].entries()) images.writeUInt32BE(n, 4 * i);
    for (let at = 0; at < count * 784; at++)
      images[16 + at] = (24 * labels[Math.floor(at / 784)]! + ((at * 7919) % 40)) % 256;
    const head = Buffer.alloc(8);
    head.writeUInt32BE(0x801, 0);
    head.writeUInt32BE(count, 4);
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), images);
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), Buffer.concat([head, labels]));
  }
}

/** A picture of a bright square on a dark ground. */
export async function writePhoto(path: string, side: number, shade: number): Promise<void> {
  const pixels = Buffer.alloc(side * side * 3, 30);
  for (let y = side >> 2; y < (3 * side) >> 2; y++)
    for (let x = side >> 2; x < (3 * side) >> 2; x++) pixels[3 * (y * side + x) + (shade % 3)] = 90 + shade;
  await sharp(pixels, { raw: { width: side, height: side, channels: 3 } }).toFile(path);
}

/** The square of `writePhoto` as COCO's instances, one for each image. */
export function coco(names: readonly string[], side: number): string {
  const [a, b] = [side / 4, (3 * side) / 4];
  return JSON.stringify({
    images: names.map((file_name, id) => ({ id, file_name, width: side, height: side })),
    annotations: names.map((_, id) => ({
      ...{ id, image_id: id, category_id: 1, iscrowd: 0, area: (b - a) ** 2 },
      bbox: [a, a, b - a, b - a],
      segmentation: [[a, a, b, a, b, b, a, b]],
    })),
    categories: [{ id: 1, name: "square" }],
  });
}
