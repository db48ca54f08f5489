/** @file The smallest ONNX net that makes features of images. */

import { writeFileSync } from "node:fs";
import { Message } from "../../src/base/protobuf.ts";

/**
 * Writes an ONNX net whose features are the mean of each channel: GlobalAveragePool, Flatten.
 * @param side of its images, in pixels
 * @param output its output's name
 */
export function writeAverages(path: string, side: number, output: string): void {
  const node = (kind: string, from: string, to: string) =>
    new Message().text(1, from).text(2, to).text(4, kind);
  const info = (name: string, shape: number[]) => {
    const sizes = new Message().message(1, new Message().text(2, "batch"));
    for (const length of shape) sizes.message(1, new Message().varint(1, length));
    const type = new Message().varint(1, 1).message(2, sizes);
    return new Message().text(1, name).message(2, new Message().message(1, type));
  };
  const graph = new Message()
    .message(1, node("GlobalAveragePool", "images", "means"))
    .message(1, node("Flatten", "means", output))
    .text(2, "averages")
    .message(11, info("images", [3, side, side]))
    .message(12, info(output, [3]));
  const opset = new Message().text(1, "").varint(2, 17);
  writeFileSync(path, new Message().varint(1, 8).message(8, opset).message(7, graph).finish());
}
