/** @file Images in shards, tar or Parquet: too many for single files, read nearly in the order in which they lie. */

import { extname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { counted, entries, some } from "../../base/file-names.ts";
import { sides } from "../../base/size.ts";
import { talk } from "../../base/talk.ts";
import type { Random } from "../../tensor/index.ts";
import type { RandomCrops } from "../augment/box.ts";
import { Decoder } from "../image/decoder.ts";
import type { ImagePlace } from "../image/place.ts";
import { classTitles } from "./class-titles.ts";
import { filesFingerprint } from "./fingerprint.ts";
import type { FolderOptions } from "./folder.ts";
import { checkIndex, checkLabels, type ImageSource } from "./image-set.ts";
import { partIn } from "./parts.ts";
import { indexShard } from "./shard-index.ts";

/** Images that are shuffled together: neighbours in an epoch's order lie in a stretch of so many records. */
const BUFFER = 1024;

/** Images of tar or Parquet files. What stays in memory is where each lies and its label. */
export class ImageShards implements ImageSource {
  readonly channels = 3;
  readonly height: number;
  readonly width: number;
  readonly count: number;
  readonly #decoder: Decoder;

  private constructor(
    readonly name: string,
    private readonly folder: string,
    /** Names in the folder. */
    private readonly files: readonly string[],
    /** The first image of each shard, and their number. */
    private readonly starts: readonly number[],
    places: readonly ImagePlace[],
    readonly labels: Int32Array,
    readonly classes: readonly string[],
    options: FolderOptions,
  ) {
    this.count = places.length;
    [this.height, this.width] = sides(options.imageSize);
    this.#decoder = new Decoder((index) => places[checkIndex(this, index)]!, options);
  }

  /**
   * Reads the index of each shard whose name says the split: train; val, valid, validation or dev, else test.
   * @throws {DataError} none, or a damaged one, unless what is damaged is skipped
   */
  static async open(folder: string, options: FolderOptions): Promise<ImageShards> {
    const files = shardsOf(folder, options.split);
    const [places, labels, starts]: [ImagePlace[], number[], number[]] = [[], [], [0]];
    let classes: readonly string[] | undefined;
    for (const file of files) {
      const found = indexShard(join(folder, file));
      if (found.problem !== undefined) {
        if (options.damaged !== "skip")
          throw new DataError(`${found.problem}; fetch it again, or set data.damaged to skip`, {
            path: join(folder, file),
          });
        talk(`${found.problem}; ${counted(found.places.length, "image")} before that are used`);
      }
      const { without = [] } = found;
      if (without.length > 0)
        talk(
          `${join(folder, file)}: ${counted(without.length, "record")} left out, no image: ${some(without)}`,
        );
      for (const place of found.places) places.push(place);
      for (const label of found.labels) labels.push(label);
      starts.push(places.length);
      classes ??= found.classes;
    }
    if (places.length === 0)
      throw new DataError(`shards: no images in ${files.join(", ")} of ${folder}`, { path: folder });
    const most = labels.reduce((a, b) => Math.max(a, b), 0);
    const names = classTitles(
      join(folder, "classes.json"),
      classes ?? Array.from({ length: most + 1 }, (_, label) => String(label)),
    );
    checkLabels(`shards:${folder}`, labels, names.length);
    return new ImageShards(
      `shards:${folder}`,
      folder,
      files,
      starts,
      places,
      Int32Array.from(labels),
      names,
      options,
    );
  }

  /**
   * An epoch's order: the shards at random, their images one after the other through a buffer that is filled, shuffled and
   * emptied. It depends on the seed and the epoch alone, for any number of processes.
   */
  order(epoch: number, random: Random): Int32Array {
    const stream = random.at("data.shards").at(`epoch.${epoch}`);
    const order = new Int32Array(this.count);
    let filled = 0;
    for (const shard of permuted(this.files.length, stream.at("shards")))
      for (let i = this.starts[shard]!; i < this.starts[shard + 1]!; i++) order[filled++] = i;
    for (let from = 0; from < this.count; from += BUFFER) {
      const buffer = order.slice(from, from + BUFFER);
      permuted(buffer.length, stream.at(`buffer.${from / BUFFER}`)).forEach((at, i) => {
        order[from + i] = buffer[at]!;
      });
    }
    return order;
  }

  get damaged(): ReadonlySet<number> | undefined {
    return this.#decoder.damaged;
  }

  load(indices: ArrayLike<number>): Promise<Uint8Array> {
    return this.#decoder.decode(indices, { size: [this.height, this.width] });
  }

  loadCrops(indices: ArrayLike<number>, crops: RandomCrops): Promise<Uint8Array> {
    return this.#decoder.decode(indices, crops);
  }

  fingerprint(): string {
    return filesFingerprint(this, this.folder, this.files);
  }

  close(): Promise<void> {
    return this.#decoder.close();
  }
}

function permuted(n: number, random: Random): number[] {
  using permutation = random.permutation(n);
  return permutation.numbers();
}

/** The shards of a split, by name. */
function shardsOf(folder: string, split: "train" | "test"): string[] {
  const shards = entries(folder)
    .filter(({ name, kind }) => kind === "file" && [".tar", ".parquet"].includes(extname(name)))
    .map(({ name }) => ({ name, part: partIn(name.slice(0, -extname(name).length), join(folder, name)) }));
  const of = (part: string): string[] =>
    shards.filter((shard) => shard.part === part).map(({ name }) => name);
  const found = split === "train" ? of("train") : of("valid").length > 0 ? of("valid") : of("test");
  if (found.length > 0) return found;
  const words = split === "train" ? "train" : "val, validation or test";
  throw new DataError(`shards: ${folder} has no .tar or .parquet file with ${words} in its name`, {
    path: folder,
  });
}
