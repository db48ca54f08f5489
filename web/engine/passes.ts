/** @file Passes through our own interpreter, in the page or aside of it: at once, or node by node. */

import type { Change, Interpreter, Value } from "../../src/graph/index.ts";
import type { Pass, Values, Without } from "./engine.ts";

/** The weights of some heads, attention [1, K, n, n], put to 0. */
function withoutHeads(value: Value, heads: readonly number[]): Value {
  const [, K = 1] = value.dims;
  const data = value.data.slice();
  const each = data.length / K;
  for (const k of heads) data.fill(0, k * each, (k + 1) * each);
  return { ...value, data };
}

function changesOf(without: Without): { changes: Record<string, Change>; before: Record<string, Value> } {
  const before: Record<string, Value> = {};
  const changes = Object.entries(without).map(([name, heads]): [string, Change] => [
    name,
    (value) => {
      before[name] = value;
      return withoutHeads(value, heads);
    },
  ]);
  return { changes: Object.fromEntries(changes), before };
}

export function passAtOnce(
  net: Interpreter,
  feeds: Values,
  fetches: readonly string[],
  without: Without,
): Pass {
  const { changes, before } = changesOf(without);
  return { values: net.run(feeds, fetches, changes), before };
}

/** Gives way between nodes whenever so many milliseconds are over. @returns nothing where it is no more wanted */
export async function passInParts(
  net: Interpreter,
  [feeds, fetches, without]: readonly [Values, readonly string[], Without],
  isWanted: () => boolean,
  partMs = 12,
): Promise<Pass | undefined> {
  const { changes, before } = changesOf(without);
  const steps = net.steps(feeds, fetches, changes);
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return { values: value, before };
    if (performance.now() - since < partMs) continue;
    await nextTask();
    if (!isWanted()) return undefined;
    since = performance.now();
  }
}

/** What came in the meantime is heard: a timer would wait four milliseconds. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
