/** @file Where a data set is published. */

import type { Checksum } from "./download.ts";

/** A file on a server, and for a .tar.gz the members that are wanted of it with their sizes in bytes. */
export interface RemoteFile {
  readonly name: string;
  readonly checksum: Checksum;
  /** Bytes. */
  readonly size?: number;
  readonly members?: Readonly<Record<string, number>>;
}

/** A publisher's address and its files. */
export interface RemoteSet {
  readonly baseUrl: string;
  readonly files: readonly RemoteFile[];
}

/** A file with its published MD5 sum. */
export const md5 = (name: string, size: number, hex: string): RemoteFile => ({
  name,
  size,
  checksum: { algorithm: "md5", hex },
});
