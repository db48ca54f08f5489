/** @file An optimiser whose moments are shared out: each process moves some of the parameters, and gives the others what they became. */

import { cat, type DType, type Group, noGrad, scope, type Tensor, zeros } from "../tensor/index.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** The rank that moves each parameter: whole tensors, in their order, so that each of P has about as many numbers. */
export function ownersOf(parameters: Tensors, P: number): number[] {
  const sizes = [...parameters.values()].map(({ numel }) => numel);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  return sizes.map((size) => {
    const owner = Math.floor((P * (before + size / 2)) / total); // by its middle
    before += size;
    return owner;
  });
}

/** Gives all ranks the parameters as their owners have them: M numbers in all, those of one rank in one call. */
export function shareParameters(
  parameters: readonly Tensor[],
  owners: readonly number[],
  group: Group,
): void {
  for (let owner = 0; owner < group.size; owner++) {
    const own = parameters.filter((_, i) => owners[i] === owner);
    for (const kind of new Set(own.map(({ dtype }) => dtype)))
      noGrad(() =>
        scope(() => {
          const some = own.filter(({ dtype }) => dtype === kind);
          const all = group.broadcast(cat(some.map((each) => each.detach().reshape([-1]))), owner);
          if (owner === group.rank) return;
          let start = 0;
          for (const each of some) {
            each.copy_(all.narrow(0, start, each.numel).reshape(each.shape));
            start += each.numel;
          }
        }, "parameters of a rank"),
      );
  }
}

/** The tensors of every rank, rank by rank; on ranks other than 0 only its own. */
export function collected(own: Tensors, group: Group): Tensors[] {
  const all: Tensors[] = [own];
  for (let owner = 1; owner < group.size; owner++) {
    const named = [...own].map(([name, { shape, dtype }]) => [name, shape, dtype]);
    const known = JSON.parse(group.text(JSON.stringify(named), owner)) as [string, number[], DType][];
    const found = new Map<string, Tensor>();
    for (const [name, shape, dtype] of known) {
      const tensor = group.rank === owner ? own.get(name)! : zeros(shape, { dtype });
      group.broadcast(tensor, owner);
      if (group.rank === 0) found.set(name, tensor);
      else if (group.rank !== owner) tensor.dispose();
    }
    if (group.rank === 0) all.push(found);
  }
  return all;
}
