import fc from "fast-check";
import { expect, test } from "vitest";
import { native, type Random, random, scope } from "./index.ts";

const numbers = (stream: Random, count = 4): number[] => scope(() => stream.normal([count]).numbers());

test("a stream gives the same numbers whatever else is drawn, and in whatever order", () => {
  const alone = numbers(random(7).at("a"));
  const root = random(7);
  const other = root.at("b");
  numbers(other);
  numbers(root);
  scope(() => native().manualSeed(1n));
  expect(numbers(root.at("a"))).toEqual(alone);
});

test("draws of one stream follow each other; names and seeds tell streams apart", () => {
  const stream = random(7).at("a");
  const seen = [numbers(stream), numbers(stream), numbers(random(7).at("b")), numbers(random(8).at("a"))];
  seen.push(numbers(random(7).at("a.b")), numbers(random(7).at("a").at("b")), numbers(random(7)));
  expect(new Set(seen.map(String)).size).toBe(seen.length);
});

test("pinned values: the same in every run, on every machine, with every libtorch", () => {
  const stream = random(42).at("data.shuffle");
  scope(() => {
    expect(stream.permutation(8).numbers()).toEqual([2, 3, 4, 6, 7, 1, 0, 5]);
    expect(stream.integers([5], 0, 100).numbers()).toEqual([31, 30, 0, 44, 28]);
    expect(stream.uniform([3]).numbers()).toEqual([
      0.12433093786239624, 0.893119215965271, 0.9545230865478516,
    ]);
    const normal = stream.normal([3]).numbers(); // through a logarithm: the last bit may differ
    [0.27384012937545776, 0.6067773103713989, 1.7214033603668213].forEach((value, i) => {
      expect(normal[i]).toBeCloseTo(value, 5);
    });
    stream.normal([1]); // one more draw
    expect(stream.number()).toBe(0.40071732156659867);
  });
});

test("moments are those of the distributions", () => {
  scope(() => {
    const normal = random(1).normal([100_000]);
    expect(Math.abs(normal.mean().item())).toBeLessThan(0.01);
    expect(Math.abs(normal.var().item() - 1)).toBeLessThan(0.02);
    expect(Math.abs(normal.pow(4).mean().item() - 3)).toBeLessThan(0.15);
    const uniform = random(1).uniform([100_000], -1, 3);
    expect(Math.abs(uniform.mean().item() - 1)).toBeLessThan(0.02);
    expect(Math.abs(uniform.var().item() - 16 / 12)).toBeLessThan(0.02);
    expect([uniform.min().item() >= -1, uniform.max().item() < 3]).toEqual([true, true]);
  });
});

test("numbers without a tensor are in [0, 1), and their mean is a half", () => {
  const stream = random(3);
  const drawn = Array.from({ length: 10_000 }, () => stream.number());
  expect(drawn.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(Math.abs(drawn.reduce((a, b) => a + b, 0) / drawn.length - 0.5)).toBeLessThan(0.01);
});

test("a permutation holds every number once; integers stay in their range", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (n, seed) => {
      scope(() => {
        const order = random(seed).permutation(n);
        expect(order.dtype).toBe("int64");
        expect(order.numbers().sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
        const drawn = random(seed)
          .integers([20], -n - 1, n + 1)
          .numbers();
        expect(drawn.every((value) => value >= -n - 1 && value < n + 1)).toBe(true);
      });
    }),
    { seed: 5, numRuns: 40 },
  );
});

test("dtypes are the ones asked for", () => {
  scope(() => {
    expect(random(1).normal([2], { dtype: "float64" }).dtype).toBe("float64");
    expect(random(1).uniform([2], 0, 1, { dtype: "bfloat16" }).dtype).toBe("bfloat16");
  });
});

test("rows of a batch: what is drawn for them is what is drawn for all, and copies follow each other", () => {
  const rows = { whole: 7, at: [2, 5, 3] };
  const root = random(11).at("batch");
  scope(() => {
    const chosen = (all: unknown[]) => rows.at.map((row) => all[row]);
    const [part, all] = [root.of(rows), root];
    expect(part.at("a").normal([3, 2]).toArray()).toEqual(chosen(all.at("a").normal([7, 2]).toArray() as []));
    expect(part.at("b").uniform([3], 2, 9).numbers()).toEqual(
      chosen(all.at("b").uniform([7], 2, 9).numbers()),
    );
    expect(part.at("c").integers([3], 0, 50).numbers()).toEqual(
      chosen(all.at("c").integers([7], 0, 50).numbers()),
    );
    const twice = (stream: Random, count: number) =>
      stream.each(count, (each) => [each.number(), each.number()]);
    expect(twice(part.at("d"), 3)).toEqual(chosen(twice(all.at("d"), 7)));
    const copied = all.at("e").normal([14]).numbers();
    expect(part.at("e").times(2).normal([6]).numbers()).toEqual([2, 5, 3, 9, 12, 10].map((i) => copied[i]));
    expect(root.of(undefined)).toBe(root);
    expect(() => part.normal([4, 3])).toThrow("expected a draw for 3 rows of a batch of 7, got [4,3]");
    expect(() => part.permutation(3)).toThrow("a permutation is not of rows");
    expect(() => part.number()).toThrow("one number is not of rows");
  });
});
