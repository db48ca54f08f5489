/** @file What the processes of `group.test.ts` do; each gives numbers that the test compares. */

import {
  type Group,
  gatherRows,
  gradients,
  gradientsReduced,
  memory,
  random,
  scope,
  sumReplicated,
  sumShared,
  type Tensor,
  tensor,
} from "../src/tensor/index.ts";

const numbers = (x: Tensor): number[] => [...x.numbers()];

/** Everything in place, on the numbers rank + 1 and 10 (rank + 1). */
export async function collectives(group: Group): Promise<Record<string, unknown>> {
  const { rank, size } = group;
  const found = scope(() => {
    const own = () => tensor([rank + 1, 10 * (rank + 1)]);
    const row = tensor(Array.from({ length: size }, (_, r) => [r + 1, rank]));
    const before = group.bytes;
    const sum = numbers(group.allReduce(own()));
    const sumBytes = group.bytes - before;
    const view = tensor([
      [1, 2],
      [3, 4],
    ]).T; // not contiguous
    // r + 1 rows of one's own number for rank r
    const counts = Array.from({ length: size }, (_, r) => r + 1);
    const rows = tensor(new Float32Array((size * (size + 1)) / 2).fill(rank));
    const exchanged = group.allToAll(rows, counts, new Array(size).fill(rank + 1));
    return {
      sum,
      sumBytes,
      max: numbers(group.allReduce(own(), "max")),
      min: numbers(group.allReduce(own(), "min")),
      gathered: numbers(group.allGather(own())),
      scattered: numbers(group.reduceScatter(row)),
      broadcast: numbers(group.broadcast(own(), size - 1)),
      whole: numbers(group.allReduce(tensor([2 ** 40 + rank], { dtype: "int64" }))),
      view: numbers(group.allReduce(view).reshape([4])),
      ranks: group.numbers([rank, -rank]),
      exchanged: numbers(exchanged),
    };
  });
  group.put(`from ${rank}`, `text of ${rank}`);
  const text = await group.get(`from ${(rank + 1) % size}`);
  await group.barrier();
  return { ...found, text, left: memory().tensors };
}

/** Sums and their gradients: rank r has x = r + 1 and the loss (r + 1) s², of which only one is everybody's. */
export function sums(group: Group): Record<string, unknown> {
  const found = scope(() => {
    const x = tensor([group.rank + 1], { dtype: "float64" }).setRequiresGrad();
    const shared = sumShared(x, group);
    const [local] = gradients(
      shared
        .square()
        .mul(group.rank + 1)
        .sum(),
      [x],
    );
    const replicated = sumReplicated(x, group);
    const [same] = gradients(replicated.square().sum(), [x]);
    return { sum: shared.item(), local: local!.item(), replicated: replicated.item(), same: same!.item() };
  });
  return { ...found, left: memory().tensors };
}

/** Rows of all ranks, rank r having r of them but rank 1 none, and the gradient of own rows. */
export function rows(group: Group): Record<string, unknown> {
  const found = scope(() => {
    const count = group.rank === 1 ? 0 : group.rank + 1;
    const Z = random(group.rank).normal([count, 3], { dtype: "float64" }).setRequiresGrad();
    const all = gatherRows(Z, group);
    const [dZ] = gradients(all.square().sum(), [Z]);
    return {
      shape: all.shape,
      sum: all.sum().item(),
      worst: count === 0 ? 0 : worst(dZ!, Z.detach().mul(2)),
    };
  });
  return { ...found, left: memory().tensors };
}

const worst = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

/** Gradients in buckets against gradients that are summed one by one; a parameter that no loss uses among them. */
export function buckets(group: Group): Record<string, unknown> {
  const found = scope(() => {
    const stream = random(7);
    const wide = { dtype: "float64" } as const;
    const parameters = [
      ...Array.from({ length: 5 }, () => stream.normal([16, 16], wide)),
      stream.normal([16], wide),
      stream.normal([3]),
      stream.normal([2], wide),
    ].map((p) => p.setRequiresGrad());
    const x = random(100 + group.rank).normal([8, 16], wide);
    const loss = () => {
      const h = parameters.slice(0, 5).reduce((h, W) => h.matmul(W).mul(0.2).relu(), x);
      const own = parameters[6]!.mul(group.rank).sum();
      return h.add(parameters[5]!).square().sum().add(own);
    };
    const plain = gradients(loss(), parameters.slice(0, 7)).map((g) => group.allReduce(g));
    const before = group.bytes;
    const small = gradientsReduced(loss(), parameters, group, { firstBytes: 100, bucketBytes: 4200 });
    const bytes = group.bytes - before;
    const one = gradientsReduced(loss(), parameters, group);
    const differ = plain.map((g, i) => Math.max(worst(g, small[i]!), worst(g, one[i]!)));
    return { differ: Math.max(...differ), bytes, unused: numbers(small[7]!), dtype: small[6]!.dtype };
  });
  return { ...found, left: memory().tensors };
}

/** A sum over P ranks in a tree, of numbers whose order of addition matters. */
export function tree(group: Group): Record<string, unknown> {
  return scope(() => {
    const all = Array.from({ length: group.size }, (_, r) => random(r).normal([1000]));
    const add = (some: readonly Tensor[]): Tensor =>
      some.length === 1
        ? some[0]!
        : add(some.slice(0, some.length / 2)).add(add(some.slice(some.length / 2)));
    const sum = group.sumInTree(all[group.rank]!.clone());
    return { same: sum.eq(add(all)).all().item() };
  });
}

/** All of the above. */
export async function everything(group: Group): Promise<Record<string, unknown>> {
  const [sum, row, bucket, added] = [sums(group), rows(group), buckets(group), tree(group)];
  return { collectives: await collectives(group), sums: sum, rows: row, buckets: bucket, tree: added };
}

/** Rank 1 leaves while the others sum. */
export function death(group: Group): unknown {
  return scope(() => {
    for (let i = 0; ; i++) {
      if (group.rank === 1 && i === 3) process.kill(process.pid, "SIGKILL");
      group.allReduce(tensor([i]));
    }
  });
}

/** Rank 1 stops without leaving while the others sum. */
export function stall(group: Group): unknown {
  return scope(() => {
    for (let i = 0; ; i++) {
      if (group.rank === 1 && i === 3) process.kill(process.pid, "SIGSTOP");
      group.allReduce(tensor([i]));
    }
  });
}
