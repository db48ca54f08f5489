/** @file Gradients and losses that each process has its share of, added up. */

import { cat, full, type Group, noGrad, scope, stack, type Tensor, tensor } from "../tensor/index.ts";
import { TensorList } from "./foreach.ts";
import { watching } from "./readings.ts";
import { codeOf, voteOf } from "./stop.ts";

/** In which order the ranks' numbers are added: as is fastest, or in a binary tree. */
type Order = "fastest" | "tree";

const summed = (x: Tensor, group: Group, order: Order): Tensor =>
  order === "tree" ? group.sumInTree(x) : group.allReduce(x);

/** Σ over ranks of gradients that are there, in one call; as they are without a group. */
export function sumSlopes(list: TensorList, group: Group | undefined, order: Order = "fastest"): TensorList {
  if (group === undefined) return list;
  return scope(() => {
    const kinds = new Set(list.tensors.map(({ dtype }) => dtype));
    const sums = new Map<Tensor, Tensor>();
    for (const kind of kinds) {
      const own = list.tensors.filter(({ dtype }) => dtype === kind);
      const all = summed(cat(own.map((each) => each.reshape([-1]))), group, order);
      let start = 0;
      for (const each of own) {
        sums.set(each, all.narrow(0, start, each.numel).reshape(each.shape));
        start += each.numel;
      }
    }
    return new TensorList(list.tensors.map((each) => sums.get(each)!));
  }, "sum of gradients");
}

/**
 * Σ over ranks of numbers [] float64, by name, in one call. In a loop it also says whether any rank is to stop, and on how
 * many the loss is finite: one that is not anywhere is not on any rank.
 */
export function sumValues<Values extends Readonly<Record<string, Tensor>> & { loss: Tensor }>(
  values: Values,
  group: Group | undefined,
  order: Order = "fastest",
): Values {
  if (group === undefined) return values;
  return noGrad(() =>
    scope(() => {
      const watch = watching();
      const names = Object.keys(values);
      const own = stack(Object.values(values)).numbers();
      const finiteHere = Number.isFinite(own[names.indexOf("loss")]);
      const numbers = Float64Array.from([...own, voteOf(watch?.stop), finiteHere ? 1 : 0]);
      const all = summed(tensor(numbers), group, order).numbers();
      const [votes, finite] = all.splice(-2) as [number, number];
      if (watch !== undefined) watch.stops = { code: codeOf(votes) };
      if (finite < group.size) all[names.indexOf("loss")] = Number.NaN;
      const wide = { dtype: "float64", device: values.loss.device } as const;
      return Object.fromEntries(names.map((name, i) => [name, full([], all[i]!, wide)])) as Values;
    }, "sum of losses"),
  );
}
