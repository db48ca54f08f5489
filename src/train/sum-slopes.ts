/** @file Gradients and losses that each process has its share of, added up. */

import { cat, type Group, noGrad, scope, stack, type Tensor } from "../tensor/index.ts";
import { TensorList } from "./foreach.ts";

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

/** Σ over ranks of numbers [] float64, by name. */
export function sumValues<Values extends Readonly<Record<string, Tensor>>>(
  values: Values,
  group: Group | undefined,
  order: Order = "fastest",
): Values {
  if (group === undefined) return values;
  return noGrad(() =>
    scope(() => {
      const all = summed(stack(Object.values(values)), group, order);
      const entries = Object.keys(values).map((name, i) => [name, all.select(0, i).clone()] as const);
      return Object.fromEntries(entries) as Values;
    }, "sum of losses"),
  );
}
