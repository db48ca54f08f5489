/** @file Where an image lies: a file, bytes inside a tar, or a row of a Parquet file. */

export type ImagePlace =
  | string
  /** Bytes of an uncompressed archive. */
  | { shard: string; record: string; offset: number; length: number }
  /** A row, and the rows of its group, which are read together. */
  | { shard: string; column: string; row: number; group: readonly [from: number, to: number] };

/** For people: the file, and the record in it. */
export function placeName(place: ImagePlace): string {
  if (typeof place === "string") return place;
  return `${place.shard}, ${"row" in place ? `row ${place.row}` : `record ${place.record}`}`;
}
