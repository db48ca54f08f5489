/** @file Pictures of the test set: some that were exported, or all of them from the server. */

import type { PageFacts } from "../src/graph/index.ts";
import { type Colours, cut, loadPicture } from "./input/load.ts";
import { coloursOf } from "./source/bytes.ts";
import type { RunHere } from "./source/source.ts";

export interface OnePicture {
  /** Number, from 1, by which the page's address calls it. */
  readonly number: number;
  readonly picture: Colours;
  /** Of its class; empty where it has none. */
  readonly label: string;
}

export interface Pictures {
  readonly total: number;
  /** `count` of them from number `from` on; fewer at the end. */
  load(from: number, count: number): Promise<readonly OnePicture[]>;
}

/** Pictures that are shown together. */
export const PAGE = 24;

const NONE: Pictures = { total: 0, load: async () => [] };

/** Those in one picture, side by side. */
async function exported({ samples, classes }: PageFacts, sheet: Promise<Blob>): Promise<Pictures> {
  if (samples.length === 0) return NONE;
  const all = cut(await loadPicture(await sheet, "samples.png", 1e6), samples.length);
  const named = all.map((picture, i) => ({
    ...{ number: i + 1, picture },
    label: classes[samples[i]!.label] ?? "",
  }));
  return { total: all.length, load: async (from, count) => named.slice(from - 1, from - 1 + count) };
}

/** Pages of the test split, each read once. */
async function served({ id, studio }: RunHere): Promise<Pictures> {
  const read = (page: number) => studio!.pictures!(id, "test", page * PAGE, PAGE);
  const pages = new Map<number, ReturnType<typeof read>>();
  const pageAt = (page: number) => {
    const found = pages.get(page) ?? read(page);
    pages.set(page, found);
    return found;
  };
  const { total } = await pageAt(0);
  return {
    total,
    async load(from, count) {
      const found: OnePicture[] = [];
      const end = Math.min(total, from + count - 1);
      for (let page = Math.floor((from - 1) / PAGE); page * PAGE < end; page++) {
        const { items, classes } = await pageAt(page);
        for (const { index, label, pixels } of items)
          if (index + 1 >= from && index + 1 <= end)
            found.push({ number: index + 1, picture: coloursOf(pixels), label: classes[label] ?? "" });
      }
      return found;
    },
  };
}

/** A server whose data set is gone has no pictures; the page says so by having none. */
export function picturesOf(run: RunHere, facts: PageFacts): Promise<Pictures> {
  if (run.studio?.pictures !== undefined) return served(run).catch(() => NONE);
  return exported(facts, facts.samples.length > 0 ? run.network.samples() : Promise.resolve(new Blob()));
}
