/** @file Flags that have another name, or belong to another command, since an earlier version. */

const MOVED: Readonly<Record<string, string>> = {
  "cluster --by": "--method",
  "features --near": "vitrine search FEATURES ROW",
  "segment --threshold": "--rule",
};

/** What to write in place of a command's flag; undefined where it never had that flag. */
export const movedFlag = (command: string, flag: string): string | undefined =>
  MOVED[`${command} ${flag.split("=")[0]}`];
