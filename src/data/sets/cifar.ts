/** @file What CIFAR-10 and CIFAR-100 have in common. */

import { md5, type RemoteFile } from "../fetch/remote.ts";
import { CIFAR, cifarFileBytes, hasCifar, isCompactCifar, readCifar } from "../formats/cifar.ts";
import { type Dataset, locate } from "./dataset.ts";

interface Published {
  title: string;
  classes: readonly string[];
  /** The archive's name, its bytes and its MD5 sum. */
  archive: readonly [name: string, size: number, hex: string];
}

/** One of the two, from its binary files, from Python's pickles, or fetched. */
export function cifarSet(name: "cifar10" | "cifar100", { title, classes, archive }: Published): Dataset {
  return {
    info: {
      ...{ name, title, classes: classes.length },
      ...{ channels: 3, size: 32, count: { train: 50_000, test: 10_000 }, official: true },
      licence: "none stated; research",
    },
    remote: {
      baseUrl: "https://www.cs.toronto.edu/~kriz/",
      files: [{ ...md5(...archive), members: membersOf(name) }],
    },
    load({ dir, split }) {
      const holds = (at: string) => hasCifar(at, name, split) || (name === "cifar10" && isCompactCifar(at));
      return readCifar(locate(name, dir, holds), name, split, classes);
    },
  };
}

/** The archive's files and their bytes; a list of names has no fixed size. */
function membersOf(name: "cifar10" | "cifar100"): NonNullable<RemoteFile["members"]> {
  const { folder, files, names } = CIFAR[name];
  const members: Record<string, number> = {};
  for (const split of ["train", "test"] as const)
    for (const file of files[split]) members[`${folder}/${file}`] = cifarFileBytes(name, split);
  return { ...members, [`${folder}/${names}`]: Number.NaN };
}
