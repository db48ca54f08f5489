/** @file libtorch in the studio's own process: for networks that are too large for the page. */

import { float } from "../../src/graph/index.ts";
import type { ForwardAnswer } from "../../src/studio/shapes.ts";
import { Newest } from "../newest.ts";
import { floatsOf, numbersOf } from "../source/bytes.ts";
import type { RunHere } from "../source/source.ts";
import type { Engine, Values, Without } from "./engine.ts";

/** @param checkpoint its name, or `best` @returns nothing where no server has libtorch */
export function byLibtorch({ id, studio }: RunHere, checkpoint: string): Engine | undefined {
  const ask = studio?.ask;
  if (ask === undefined) return undefined;
  const questions = new Newest(([feeds, fetches, without]: Asked, signal) => {
    const inputs = Object.entries(feeds).map(([name, { dims, data }]) => [
      name,
      numbersOf(dims, Float32Array.from(data)),
    ]);
    const asked = { checkpoint, inputs: Object.fromEntries(inputs), wants: fetches, without };
    return ask(id, "forward", asked, signal);
  });
  return {
    name: "libtorch, on this machine",
    isAside: true,
    async run(feeds, fetches, without) {
      const values = valuesOf(await questions.run([feeds, fetches, without]));
      const removed = Object.keys(without).filter((name) => fetches.includes(name));
      // what heads compute before they are removed is asked for by itself
      const before = removed.length === 0 ? {} : valuesOf(await questions.run([feeds, removed, {}]));
      return { values, before };
    },
    close: () => questions.close(),
  };
}

type Asked = readonly [Values, readonly string[], Without];

const valuesOf = ({ values }: ForwardAnswer): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, given]) => [name, float(given.dims, floatsOf(given))]),
  );
