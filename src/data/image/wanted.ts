/** @file What is made of the images of a batch as they are decoded. */

import { areaOf, type Size } from "../../base/size.ts";
import { bytesOfCrops, type RandomCrops } from "../augment/box.ts";
import type { Resizing } from "./decode.ts";

/** An image's centre. */
export interface Centre {
  size: Size;
  resizing?: Resizing;
}

export type Wanted = Centre | RandomCrops;

/** Bytes of an image's centre or boxes. */
export const bytesOf = (wanted: Wanted): number =>
  "size" in wanted ? 3 * areaOf(wanted.size) : bytesOfCrops(wanted.kinds);

/** The same of images `from` up to `to` alone. */
export const wantedOf = (wanted: Wanted, from: number, to: number): Wanted =>
  "size" in wanted ? wanted : { ...wanted, seeds: wanted.seeds.slice(from, to) };
