/** @file Three steps of every optimiser against PyTorch's; convergence; state; lifetimes. */

import { expect, test } from "vitest";
import { CheckpointError } from "../base/errors.ts";
import { gradients, memory, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import { hasFused } from "./fused.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "./optimizer.ts";

const START = [
  [0.5, -1.25, 2, 0.25],
  [-0.75, 3],
];
/** The last number of the first parameter never has a gradient. */
const GRADIENTS = [
  [
    [0.1, -0.2, 0.3, 0],
    [1, -2],
  ],
  [
    [-0.4, 0.5, 0, 0],
    [0.25, 0.125],
  ],
  [
    [0.7, 0, -0.9, 0],
    [-1.5, 4],
  ],
];
const RATES = [0.1, 0.05, 0.2];

const float64 = (values: number[]) => tensor(Float64Array.from(values));
const start = () =>
  new Map([
    ["w", float64(START[0]!)],
    ["b", float64(START[1]!)],
  ]);
const values = (parameters: ReadonlyMap<string, Tensor>) =>
  [...parameters.values()].flatMap((parameter) => parameter.numbers());
const free = (parameters: ReadonlyMap<string, Tensor>) => {
  for (const parameter of parameters.values()) parameter.dispose();
};

function step(optimizer: Optimizer, i: number): void {
  scope(() => optimizer.step(GRADIENTS[i]!.map(float64), RATES[i]!));
}

/**
 * Made with PyTorch 2.13 in float64: torch.optim.SGD, Adam and AdamW on parameters of these values, their gradients
 * set to these numbers and the learning rate to these rates before each of three steps. PyTorch has no Lion: its rows
 * are the update of Chen et al. written out in three lines of float64 Python.
 */
const CASES: [name: string, options: OptimizerOptions, expected: number[]][] = [
  ["sgd", {}, [0.37, -1.255, 2.15, 0.25, -0.5624999999999999, 2.39375]],
  ["sgd", { momentum: 0.9 }, [0.42129999999999995, -1.3036, 2.0879, 0.25, -0.8145, 2.7852500000000004]],
  [
    "sgd",
    { momentum: 0.9, weightDecay: 0.1 },
    [0.38487849999999996, -1.21278675, 1.9432949999999998, 0.23172975, -0.7542492500000001, 2.555752],
  ],
  [
    "adam",
    {},
    [0.3617575748662587, -1.240477501526011, 1.954986577235808, 0.25, -0.8588775332070898, 3.059921829323603],
  ],
  [
    "adam",
    { weightDecay: 0.1 },
    [
      0.3392188636166279, -1.1488110476798405, 1.875288392067409, -0.07983656104649348, -0.8416673445062438,
      3.0319200895117793,
    ],
  ],
  [
    "adamw",
    { weightDecay: 0.1 },
    [
      0.3463625711424074, -1.1992115361493385, 1.8888446353753496, 0.24133725, -0.8295686857097125,
      2.9528565183902336,
    ],
  ],
  [
    "adamw",
    { betas: [0.9, 0.95], weightDecay: 0.1 },
    [
      0.3472447521252029, -1.1992793279945217, 1.8866794173466555, 0.24133725, -0.8303397702998041,
      2.9543077443601904,
    ],
  ],
  ["lion", {}, [0.25, -1.4, 2.05, 0.25, -0.7, 2.9499999999999997]],
  [
    "lion",
    { weightDecay: 0.5 },
    [0.17406249999999995, -1.19928125, 1.7345, 0.20840625, -0.5579687499999999, 2.4336249999999997],
  ],
];

test.each(CASES)("%s with %o takes PyTorch's three steps", (name, options, expected) => {
  const parameters = start();
  using optimizer = createOptimizer(name, parameters, options);
  for (const i of [0, 1, 2]) step(optimizer, i);
  values(parameters).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 13);
  });
  free(parameters);
});

test.each([
  ["sgd", { momentum: 0.9 }, 0.02],
  ["sgd", {}, 0.1],
  ["adam", {}, 0.1],
  ["adamw", { weightDecay: 1e-4 }, 0.1],
  ["lion", {}, 0.05],
  ["muon", {}, 0.1],
] as const)("%s with %o finds the bottom of a parabola", (name, options, lr) => {
  const x = tensor([4, -3, 2, -1]).setRequiresGrad();
  using bottom = tensor([1, 2, 3, 4]);
  using scale = tensor([0.5, 1, 2, 4]);
  using optimizer = createOptimizer(name, new Map([["x", x]]), options);
  const loss = () => scope(() => x.sub(bottom).square().mul(scale).sum());
  for (let t = 0; t < 1000; t++) scope(() => optimizer.step(gradients(loss(), [x]), lr * (1 - t / 1000)));
  expect(scope(() => loss().item())).toBeLessThan(1e-3);
  x.dispose();
});

test.each(CASES)("%s with %o goes on identically from its saved state", (name, options) => {
  const through = start();
  using whole = createOptimizer(name, through, options);
  for (const i of [0, 1, 2]) step(whole, i);

  const stopped = start();
  using first = createOptimizer(name, stopped, options);
  for (const i of [0, 1]) step(first, i);
  using second = createOptimizer(name, stopped, options);
  second.load(first.stateDict(), first.steps);
  step(second, 2);
  expect(second.steps).toBe(3);
  expect(values(stopped)).toEqual(values(through));
  expect(values(second.stateDict())).toEqual(values(whole.stateDict()));
  free(through);
  free(stopped);
});

/** A matrix whose elements lie column by column where `across`: libtorch's fused operators would take them for others. */
const lying = (numbers: number[], across: boolean): Tensor => {
  const rows = float64(numbers).reshape([2, 2]);
  return across ? rows.T.contiguous().T : rows;
};

test.each(CASES)("%s with %o: the plain rule, and gradients that are views", (name, options) => {
  const ends = [false, true].flatMap((parameterAcross) =>
    [false, true].map((gradientAcross) =>
      scope(() => {
        const w = lying(START[0]!, parameterAcross);
        using optimizer = createOptimizer(name, new Map([["w", w]]), options);
        for (const [i, [numbers]] of GRADIENTS.entries())
          optimizer.step([lying(numbers!, gradientAcross)], RATES[i]!);
        return w.numbers();
      }),
    ),
  );
  for (const end of ends)
    end.forEach((value, i) => {
      expect(value).toBeCloseTo(ends[0]![i]!, 13);
    });
});

test("what does not decay has a share of its own in the fused step", () => {
  const parameters = start();
  using optimizer = createOptimizer("adamw", parameters, {
    weightDecay: 0.1,
    decays: (name) => name === "w",
  });
  for (const i of [0, 1, 2]) step(optimizer, i);
  const of = (name: string, { weightDecay }: OptimizerOptions) =>
    CASES.find(([one, options]) => one === name && options.weightDecay === weightDecay)![2];
  const expected = [...of("adamw", { weightDecay: 0.1 }).slice(0, 4), ...of("adam", {}).slice(4)];
  values(parameters).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 13);
  });
  free(parameters);
});

test("moments are saved under the parameters' names", () => {
  const parameters = start();
  const names = (name: string, options = {}) => {
    using optimizer = createOptimizer(name, parameters, options);
    return [...optimizer.stateDict().keys()];
  };
  expect(names("adamw")).toEqual(["exp_avg.w", "exp_avg.b", "exp_avg_sq.w", "exp_avg_sq.b"]);
  expect(names("lion")).toEqual(["exp_avg.w", "exp_avg.b"]);
  expect(names("sgd")).toEqual([]);
  expect(names("sgd", { momentum: 0.9 })).toEqual(["momentum_buffer.w", "momentum_buffer.b"]);
  free(parameters);
});

test("state of another optimiser, or of other shapes, is refused by name", () => {
  const parameters = start();
  const wider = new Map([
    ["w", float64(START[0]!)],
    ["b", float64([1])],
  ]);
  using adam = createOptimizer("adamw", parameters);
  using lion = createOptimizer("lion", parameters);
  using other = createOptimizer("lion", wider);
  expect(() => adam.load(lion.stateDict(), 1)).toThrow(CheckpointError);
  expect(() => adam.load(lion.stateDict(), 1)).toThrow('the checkpoint has no "exp_avg_sq.w"');
  // a moment of one element would fit by broadcasting
  expect(() => lion.load(other.stateDict(), 1)).toThrow(
    '"exp_avg.b": the optimiser has [2] float64, the checkpoint [1] float64',
  );
  free(parameters);
  free(wider);
});

test("an unknown name is answered with the nearest", () => {
  expect(() => createOptimizer("adamm", new Map())).toThrow(
    'no "adamm" (did you mean "adam"?); expected one of sgd, lars, adam, adamw, lion',
  );
});

test.each(["sgd", "adam", "adamw", "lion"])("%s keeps no tensor of its steps", (name) => {
  const parameters = new Map([
    ["w", random(0).normal([8, 8])],
    ["b", random(1).normal([8])],
  ]);
  using optimizer = createOptimizer(name, parameters, { weightDecay: 0.1 });
  const once = () =>
    scope(() =>
      optimizer.step(
        [...parameters.values()].map((p) => p.mul(0.1)),
        0.01,
      ),
    );
  once();
  const { tensors, bytes } = memory();
  for (let i = 0; i < 5; i++) once();
  expect(memory()).toEqual({ tensors, bytes });
  free(parameters);
});

/** 20 updates of float32 parameters whose rate changes from one to the next. */
function walk(name: string, options: OptimizerOptions, rateOf: (t: number) => number): number[] {
  return scope(() => {
    const parameters = new Map([
      ["w", random(0).normal([16, 16])],
      ["b", random(1).normal([16])],
    ]);
    using optimizer = createOptimizer(name, parameters, { weightDecay: 0.1, ...options });
    for (let t = 0; t < 20; t++) {
      const slopes = [...parameters].map(([at, p]) => random(t).at(at).normal(p.shape));
      optimizer.step(slopes, rateOf(t));
    }
    return values(parameters);
  });
}

test.each([
  ["sgd", { momentum: 0.9 }],
  ["sgd", {}],
  ["adam", {}],
  ["adamw", {}],
  ["adamw", { decays: (name: string) => name === "w", scales: (name: string) => (name === "w" ? 1 : 0.5) }],
] as const)("%s with %o: step and rate from tensors make the same bits", (name, options) => {
  // what a float32 tensor can hold; other rates it rounds by 2⁻²⁴ of themselves
  const rateOf = (t: number) => Math.fround(0.1 * Math.cos(t / 15));
  const found = walk(name, { ...options, onDevice: true }, rateOf);
  expect(found).toEqual(walk(name, options, rateOf));
  expect(found).not.toEqual(walk(name, options, () => rateOf(0)));
});

test("an update can be captured where all that changes lies in tensors", () => {
  const parameters = start();
  const isFixed = (name: string, onDevice: boolean) => {
    using optimizer = createOptimizer(name, parameters, { onDevice });
    return optimizer.isFixed;
  };
  expect(isFixed("adamw", true)).toBe(hasFused());
  expect(isFixed("adamw", false)).toBe(false);
  expect(isFixed("lion", true)).toBe(false);
  free(parameters);
});
