/** @file What a data set is to the rest: what is known of it, where it is published, how it is opened. */

import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import type { Size } from "../../base/size.ts";
import type { RemoteSet } from "../fetch/remote.ts";
import { dataRoot } from "./find.ts";
import type { ImageSet, ImageSource } from "./image-set.ts";

/** What is known of a data set without opening it. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  readonly classes: number;
  readonly channels: number;
  /** Side in pixels; 0 where the options say. */
  readonly size: number;
  readonly count: { readonly train: number; readonly test: number };
  /** Whether its publisher splits and names it so, and papers report results on it. */
  readonly official: boolean;
  /** Whether `data get` can bring it. */
  readonly download: boolean;
  readonly licence: string;
}

export interface DatasetOptions {
  /** Folder of data sets, or of this one; VITRINE_DATA, else `data` in the working directory. */
  dir?: string;
  split: "train" | "test";
  /** Size of the images, for folder (224 unless given) and synthetic (16). The other sets keep their own. */
  imageSize?: Size;
  /** Decoding threads, for folder. */
  workers?: number;
  /** What an image that cannot be read does, for folder and shards: ends the run unless given. */
  damaged?: "stop" | "skip";
  /** Number of classes, channels and images, for synthetic. */
  classes?: number;
  channels?: number;
  count?: number;
}

/** A data set of images. */
export interface Dataset {
  readonly info: Omit<DatasetInfo, "download">;
  /** Where `data get` finds it. */
  readonly remote?: RemoteSet;
  /**
   * All images, in memory.
   * @param at what follows the name and a colon: `folder:PATH`
   * @throws {DataError} it is not there, damaged, or too large; {UsageError} an option that does not fit
   */
  load(options: DatasetOptions, at?: string): ImageSet | Promise<ImageSet>;
  /** Images that stay on disk until they are asked for; from memory where this is not there. */
  open?(options: DatasetOptions, at?: string): ImageSource | Promise<ImageSource>;
}

/**
 * The folder of a data set: DIR/NAME, DIR itself, or where torchvision puts it below DIR.
 * @param holds whether a folder has the files
 * @throws {DataError} nowhere
 */
export function locate(
  name: string,
  dir: string | undefined,
  holds: (folder: string) => boolean,
  torchvision?: string,
): string {
  const root = dataRoot(dir);
  const places = [join(root, name), root, ...(torchvision === undefined ? [] : [join(root, torchvision)])];
  const found = places.find(holds);
  if (found !== undefined) return found;
  throw new DataError(
    `${name}: not found in ${places.join(" or ")}; run "vitrine data get ${name}", or say where it is ` +
      "with --data.dir or VITRINE_DATA",
    { path: root },
  );
}
