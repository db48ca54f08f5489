import fc from "fast-check";
import { expect, test } from "vitest";
import { arange, type Nested, scope, type Tensor, tensor } from "./index.ts";

/** x as float64, so that plain JavaScript is the reference. */
const wide = (values: Nested): Tensor => tensor(values, { dtype: "float64" });
const array = (call: () => Tensor): Nested => scope(() => call().toArray());
const close = (call: () => Tensor, values: number[]): void => {
  const found = scope(() => call().numbers());
  expect(found.length).toBe(values.length);
  for (const [i, value] of values.entries()) expect(found[i]).toBeCloseTo(value, 12);
};

const POINTS = [-2.5, -0.5, 0, 0.25, 1, 3];
const erf = (x: number): number => {
  // the series, to double precision for |x| ≤ 4
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};

test.each<[string, (x: Tensor) => Tensor, (x: number) => number]>([
  ["neg", (x) => x.neg(), (x) => -x],
  ["abs", (x) => x.abs(), Math.abs],
  ["exp", (x) => x.exp(), Math.exp],
  ["log of exp", (x) => x.exp().log(), (x) => x],
  ["log1p", (x) => x.square().log1p(), (x) => Math.log1p(x * x)],
  ["sqrt", (x) => x.square().sqrt(), Math.abs],
  ["rsqrt", (x) => x.square().add(1).rsqrt(), (x) => 1 / Math.sqrt(x * x + 1)],
  ["reciprocal", (x) => x.add(9).reciprocal(), (x) => 1 / (x + 9)],
  ["sign", (x) => x.sign(), Math.sign],
  [
    "round, to even at halves",
    (x) => x.round(),
    (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  ],
  ["floor", (x) => x.floor(), Math.floor],
  ["sin", (x) => x.sin(), Math.sin],
  ["cos", (x) => x.cos(), Math.cos],
  ["tanh", (x) => x.tanh(), Math.tanh],
  ["sigmoid", (x) => x.sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
  ["relu", (x) => x.relu(), (x) => Math.max(x, 0)],
  ["erf", (x) => x.erf(), erf],
  ["gelu", (x) => x.gelu(), (x) => (x / 2) * (1 + erf(x / Math.SQRT2))],
  ["clamp", (x) => x.clamp(-1, 2), (x) => Math.min(Math.max(x, -1), 2)],
  ["pow", (x) => x.pow(3), (x) => x ** 3],
  ["remainder, of the divisor's sign", (x) => x.remainder(2), (x) => x - 2 * Math.floor(x / 2)],
  ["not", (x) => x.not(), (x) => Number(x === 0)],
  ["chains", (x) => x.mul(2).sub(1).div(4).add(x), (x) => (x * 2 - 1) / 4 + x],
])("%s", (_, ours, plain) => {
  close(() => ours(wide(POINTS)), POINTS.map(plain));
});

test.each<["eq" | "ne" | "lt" | "le" | "gt" | "ge", (a: number, b: number) => boolean]>([
  ["eq", (a, b) => a === b],
  ["ne", (a, b) => a !== b],
  ["lt", (a, b) => a < b],
  ["le", (a, b) => a <= b],
  ["gt", (a, b) => a > b],
  ["ge", (a, b) => a >= b],
])("%s, with a number and with a tensor", (name, plain) => {
  const others = [...POINTS].reverse();
  expect(array(() => wide(POINTS)[name](0.25))).toEqual(POINTS.map((x) => Number(plain(x, 0.25))));
  const both = POINTS.map((x, i) => Number(plain(x, others[i]!)));
  expect(array(() => wide(POINTS)[name](wide(others)))).toEqual(both);
});

test("logic and extremes of two tensors", () => {
  const [a, b] = [
    [1, 1, 0, 0],
    [1, 0, 1, 0],
  ];
  expect(array(() => wide(a).and(wide(b)))).toEqual([1, 0, 0, 0]);
  expect(array(() => wide(a).or(wide(b)))).toEqual([1, 1, 1, 0]);
  expect(array(() => wide(a).maximum(wide(b)))).toEqual([1, 1, 1, 0]);
  expect(array(() => wide(a).minimum(wide(b)))).toEqual([1, 0, 0, 0]);
  expect(array(() => wide([1, Number.NaN, Infinity]).isFinite())).toEqual([1, 0, 0]);
  expect(array(() => wide([1, Number.NaN]).isNaN())).toEqual([0, 1]);
});

test("in place: the tensor itself changes and comes back", () => {
  using x = wide([1, 2]);
  expect(x.add_(1).mul_(2).sub_(1).div_(3)).toBe(x);
  expect(x.numbers()).toEqual([1, 5 / 3]);
  using y = wide([10, 20]);
  x.copy_(y).add_(y);
  using first = y.select(0, 0);
  expect(x.fill_(first)).toBe(x);
  expect([x.numbers(), y.numbers()]).toEqual([
    [10, 10],
    [10, 20],
  ]);
});

const M = [
  [4, 1, 3],
  [2, 6, 5],
];

test("reductions, over everything and over dimensions", () => {
  expect(array(() => wide(M).sum())).toBe(21);
  expect(array(() => wide(M).sum(0))).toEqual([6, 7, 8]);
  expect(array(() => wide(M).sum([0, 1], true))).toEqual([[21]]);
  expect(array(() => wide(M).mean(-1))).toEqual([8 / 3, 13 / 3]);
  expect(array(() => wide(M).max())).toBe(6);
  expect(array(() => wide(M).min(1))).toEqual([1, 2]);
  expect(array(() => wide(M).argmax())).toBe(4);
  expect(array(() => wide(M).argmax(1))).toEqual([0, 1]);
  expect(array(() => wide(M).argmin(0, true))).toEqual([[1, 0, 0]]);
  expect(array(() => wide([1, 3]).var())).toBe(2);
  expect(array(() => wide([1, 3]).std(0, 0))).toBe(1);
  close(() => wide(M).norm(), [Math.sqrt(16 + 1 + 9 + 4 + 36 + 25)]);
  expect(array(() => wide([3, -4]).norm(0, false, 1))).toBe(7);
  expect(array(() => wide([1, 0]).all())).toBe(0);
  expect(array(() => wide([1, 0]).any())).toBe(1);
  expect(array(() => wide(M).cumsum(1))).toEqual([
    [4, 5, 8],
    [2, 8, 13],
  ]);
});

test("softmax, its logarithm, log-sum-exp", () => {
  const total = Math.exp(1) + Math.exp(2);
  close(() => wide([1, 2]).softmax(0), [Math.exp(1) / total, Math.exp(2) / total]);
  close(() => wide([1, 2]).logSoftmax(-1), [1 - Math.log(total), 2 - Math.log(total)]);
  close(() => wide([1, 2]).logsumexp(0), [Math.log(total)]);
  close(() => wide([1000, 1000]).softmax(0), [0.5, 0.5]);
});

test("topk and sort give values and places", () => {
  scope(() => {
    const [values, places] = wide(M).topk(2);
    expect([values.toArray(), places.toArray()]).toEqual([
      [
        [4, 3],
        [6, 5],
      ],
      [
        [0, 2],
        [1, 2],
      ],
    ]);
    expect(wide(M).sort(1, true)[0].toArray()).toEqual([
      [4, 3, 1],
      [6, 5, 2],
    ]);
  });
});

test("products", () => {
  expect(array(() => wide(M).matmul(wide(M).T))).toEqual([
    [26, 29],
    [29, 65],
  ]);
  expect(array(() => wide([1, 2]).linear(wide([[3, 4]]), wide([1])))).toEqual([12]);
  expect(array(() => wide([[1, 2]]).linear(wide([[3, 4]])))).toEqual([[11]]);
});

test("rearranging", () => {
  const x = () => wide(M);
  expect(array(() => x().T)).toEqual([
    [4, 2],
    [1, 6],
    [3, 5],
  ]);
  expect(array(() => x().reshape([3, -1]))).toEqual([
    [4, 1],
    [3, 2],
    [6, 5],
  ]);
  expect(array(() => x().flip([0, 1]))).toEqual([
    [5, 6, 2],
    [3, 1, 4],
  ]);
  expect(array(() => x().roll([1], [1]))).toEqual([
    [3, 4, 1],
    [5, 2, 6],
  ]);
  expect(array(() => x().narrow(1, 1, 2))).toEqual([
    [1, 3],
    [6, 5],
  ]);
  expect(array(() => x().select(0, -1))).toEqual([2, 6, 5]);
  expect(array(() => x().flatten())).toEqual([4, 1, 3, 2, 6, 5]);
  expect(array(() => x().pad([1, 0], 9))).toEqual([
    [9, 4, 1, 3],
    [9, 2, 6, 5],
  ]);
  expect(array(() => x().narrow(1, 0, 2).tril())).toEqual([
    [4, 0],
    [2, 6],
  ]);
  expect(array(() => x().triu(1))).toEqual([
    [0, 1, 3],
    [0, 0, 5],
  ]);
  expect(array(() => x().diagonal())).toEqual([4, 6]);
  expect(array(() => x().unsqueeze(0).squeeze(0))).toEqual(M);
  expect(array(() => wide([[7]]).expand([2, 2]))).toEqual([
    [7, 7],
    [7, 7],
  ]);
  scope(() => {
    expect(
      x()
        .unbind(1)
        .map((c) => c.numbers()),
    ).toEqual([
      [4, 2],
      [1, 6],
      [3, 5],
    ]);
    expect(
      x()
        .chunk(2, 1)
        .map((c) => c.shape),
    ).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect(x().where(x().gt(3), wide(0)).toArray()).toEqual([
      [4, 0, 0],
      [0, 6, 5],
    ]);
    expect(
      x()
        .gather(1, tensor([[2], [0]], { dtype: "int64" }))
        .toArray(),
    ).toEqual([[3], [2]]);
  });
});

test("facts about a tensor, and mistakes in asking for them", () => {
  using x = wide(M);
  expect([x.shape, x.dim, x.numel, x.size(-1), x.device]).toEqual([[2, 3], 2, 6, 3, "cpu"]);
  expect(String(x)).toBe("Tensor [2, 3] float64");
  expect(() => x.size(2)).toThrow("size: expected a dimension of [2, 3] float64, got 2");
  expect(() => x.item()).toThrow("item: expected a tensor of one element, got [2, 3] float64");
  expect(() => x.to("float12")).toThrow('unknown dtype "float12"');
});

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

test("adding broadcasts as plain JavaScript would", () => {
  const pair = shapes.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      fc.integer({ min: 0, max: shape.length }),
    ),
  );
  fc.assert(
    fc.property(pair, ([shape, ones, drop]) => {
      const other = shape.map((size, i) => (ones[i] ? 1 : size)).slice(drop);
      const full = [...shape.slice(0, drop).map(() => 1), ...other];
      const count = (sizes: number[]) => sizes.reduce((a, b) => a * b, 1);
      scope(() => {
        const x = arange(count(shape), { dtype: "float64" }).reshape(shape);
        const y = arange(count(other), { dtype: "float64", start: 0 }).mul(100).reshape(other);
        const sum = x.add(y).numbers();
        for (let flat = 0; flat < sum.length; flat++) {
          let [rest, place, stride] = [flat, 0, 1];
          for (let k = shape.length - 1; k >= 0; k--) {
            if (full[k] !== 1) place += (rest % shape[k]!) * stride;
            stride *= full[k]!;
            rest = Math.floor(rest / shape[k]!);
          }
          expect(sum[flat]).toBe(flat + 100 * place);
        }
      });
    }),
    { seed: 2, numRuns: 60 },
  );
});

test("permuting and back, reshaping and back, lose nothing", () => {
  const case_ = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
  );
  fc.assert(
    fc.property(case_, ([shape, order]) => {
      scope(() => {
        const x = arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);
        const back = order.map((_, i) => order.indexOf(i));
        expect(x.permute(order).shape).toEqual(order.map((k) => shape[k]));
        expect(x.permute(order).permute(back).toArray()).toEqual(x.toArray());
        expect(x.permute(order).contiguous().permute(back).reshape([-1]).data()).toEqual(x.data());
      });
    }),
    { seed: 3, numRuns: 60 },
  );
});

test("indexing picks what plain arrays pick", () => {
  const case_ = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }));
  fc.assert(
    fc.property(case_, ([columns, picks]) => {
      scope(() => {
        const x = arange(5 * columns).reshape([5, columns]);
        const rows = x.toArray() as number[][];
        const index = tensor(picks, { dtype: "int64" });
        const picked = picks.map((i) => rows[i]);
        expect(x.indexSelect(0, index).toArray()).toEqual(picked);
        expect(x.index([index]).toArray()).toEqual(picked);
        expect(x.T.index([null, index]).T.toArray()).toEqual(picked);
      });
    }),
    { seed: 4, numRuns: 60 },
  );
});
