/** @file Features of a folder of images, through an encoder. */

import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { some } from "../../base/file-names.ts";
import { cat, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { type DecodePool, decodeFiles } from "../image/decode-files.ts";
import { ENDINGS } from "../image/endings.ts";
import { classFolders, imageFiles, imagesIn, sayLeftOut } from "../image/image-files.ts";
import { WorkerPool } from "../worker-pool.ts";
import { type OnnxEncoderOptions, openEncoder } from "./encoder.ts";
import { checkFeatures, type Features } from "./features.ts";

/**
 * The images of a folder through an encoder, sorted by name. With sub-folders, these are the classes: labels are their
 * places in the order of names. `names` are the paths inside the folder.
 *
 * @throws {DataError} no images, or one that cannot be read
 */
export async function encodeFolder(path: string, options: OnnxEncoderOptions): Promise<Features> {
  const { names: classes, leftOut } = classFolders(path);
  const groups = classes.length > 0 ? classes : ["."];
  const found = groups.map((name) => (classes.length > 0 ? imageFiles(join(path, name)) : imagesIn(path)));
  const files = found.flatMap((images, label) =>
    images.files.map((file) => ({ name: join(groups[label]!, file), label })),
  );
  if (files.length === 0)
    throw new DataError(
      `${path}: no images; expected *${ENDINGS.join(", *")}, or a folder of them for each class`,
      {
        path,
      },
    );
  const empty = classes.filter((_, i) => found[i]!.files.length === 0);
  if (empty.length > 0)
    throw new DataError(`${path}: no images of class ${some(empty)}; put some there, or remove the folder`, {
      path,
    });
  const others = found.flatMap((images, i) => images.leftOut.map((file) => join(groups[i]!, file)));
  sayLeftOut(path, classes.length > 0 ? [...leftOut, ...others] : others);
  const encoder = await openEncoder(options);
  process.stderr.write(`${encoder.about}\n`);
  const worker = new URL(`../image/decode-worker${extname(import.meta.url)}`, import.meta.url);
  const threads = Math.min(4, availableParallelism(), Math.ceil(files.length / 16)); // each takes a while to start
  const pool: DecodePool = new WorkerPool(worker, threads);
  const parts: Tensor[] = [];
  try {
    const { size, batchSize } = encoder;
    const resizing = { short: options.short ?? size, kernel: options.kernel ?? "cubic" } as const;
    const load = (at: number) => {
      const paths = files.slice(at, at + batchSize).map(({ name }) => join(path, name));
      const loading = decodeFiles(pool, paths, { size, resizing });
      loading.catch(() => {}); // it is awaited in its turn
      return loading;
    };
    for (let at = 0, next = load(0); at < files.length; at += batchSize) {
      const bytes = await next;
      if (at + batchSize < files.length) next = load(at + batchSize); // decoded while this batch is encoded
      using images = tensor(bytes, { shape: [bytes.length / (3 * size * size), 3, size, size] });
      parts.push(await encoder.encode(images));
    }
    const names = files.map(({ name }) => name);
    return scope(() => {
      const labels = classes.length > 0 ? tensor(Int32Array.from(files, ({ label }) => label)) : undefined;
      return checkFeatures(path, cat(parts), labels, names);
    }, "encode folder");
  } finally {
    for (const part of parts) part.dispose();
    await Promise.all([pool.close(), encoder.close()]);
  }
}
