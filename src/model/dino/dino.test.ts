import { expect, test } from "vitest";
import { gradients, noGrad, random, scope, type Tensor } from "../../tensor/index.ts";
import { positionsFor } from "../crate/positions.ts";
import { createModel } from "../registry.ts";
import { DinoHead, DinoNet } from "./dino.ts";

const sizes = { imageSize: 8, patch: 2, channels: 1, dim: 8, depth: 1, heads: 2 };
const head = { hidden: 12, bottleneck: 6, prototypes: 10 };
const images = (side: number, count = 3): Tensor => random(3).normal([count, 1, side, side]);
const apart = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

test("DinoHead: an MLP to the sphere, then cosines with prototypes of length 1", () => {
  using made = new DinoHead({ dim: 8, ...head }, random(1));
  const names = ["mlp.0.weight", "mlp.0.bias", "mlp.2.weight", "mlp.2.bias", "mlp.4.weight", "mlp.4.bias"];
  expect([...made.stateDict().keys()]).toEqual([...names, "last_layer.weight_v", "last_layer.weight_g"]);
  expect([...made.namedParameters().keys()]).toEqual([...names, "last_layer.weight_v"]);
  scope(() => {
    const Z = random(2).normal([4, 8]);
    const w = (name: string) => made.stateDict().get(name)!;
    const layer = (x: Tensor, i: number) => x.linear(w(`mlp.${i}.weight`), w(`mlp.${i}.bias`));
    const u = layer(layer(layer(Z, 0).gelu(), 2).gelu(), 4);
    const v = w("last_layer.weight_v");
    const cosines = u.div(u.norm([1], true)).matmul(v.div(v.norm([1], true)).T);
    expect(apart(made.apply(Z), cosines)).toBeLessThan(1e-6);
  });
  using free = new DinoHead({ dim: 8, ...head, unitPrototypes: false }, random(1));
  expect(free.namedParameters().has("last_layer.weight_g")).toBe(true);
  using sphere = new DinoHead({ dim: 8, hidden: 12, bottleneck: 6 }, random(1));
  scope(() => {
    const lengths = sphere.apply(random(2).normal([4, 8])).norm([1]);
    expect(lengths.sub(1).abs().max().item()).toBeLessThan(1e-6);
  });
});

test.each(["crate", "vit"])(
  "a %s is its trunk and a linear head, with the same names and numbers",
  (name) => {
    using trunk = createModel(name, sizes, random(4));
    using model = createModel(name, { ...sizes, classes: 5 }, random(4), "classifier");
    const own = [...trunk.stateDict().keys()];
    const all = [...model.stateDict().keys()];
    expect(all.filter((key) => !own.includes(key))).toEqual(
      name === "crate" ? ["mlp_head.1.weight", "mlp_head.1.bias"] : ["head.weight", "head.bias"],
    );
    scope(() => {
      const X = images(8);
      expect(apart(model.head!.apply(trunk.apply(X)), model.apply(X))).toBe(0);
    });
  },
);

test("crops of several sizes go through together, each with positions of its own grid", () => {
  using net = new DinoNet(createModel("crate", sizes, random(1)), head, random(1));
  expect([...net.stateDict().keys()]).toEqual(
    expect.arrayContaining(["backbone.cls_token", "backbone.pos_embedding", "head.last_layer.weight_v"]),
  );
  scope(() => {
    const [large, small] = [images(8, 4), images(4, 6)];
    const all = net.outputs([large, small]);
    expect(all.shape).toEqual([10, 10]);
    expect(apart(all.narrow(0, 0, 4), net.apply(large))).toBeLessThan(1e-6);
    expect(apart(all.narrow(0, 4, 6), net.apply(small))).toBeLessThan(1e-6);
    const [slope] = gradients(net.apply(small).square().sum(), [net.backbone.positions]);
    expect(slope!.norm().item()).toBeGreaterThan(0);
  });
});

test("positions for the same grid are the tensor itself; constant ones stay constant on any", () => {
  noGrad(() =>
    scope(() => {
      const positions = random(1).normal([1, 17, 4]);
      expect(positionsFor(positions, [4, 4], [4, 4])).toBe(positions);
      const constant = positions.mul(0).add(3);
      expect(apart(positionsFor(constant, [4, 4], [3, 5]), constant.narrow(1, 0, 16))).toBeLessThan(1e-5);
    }),
  );
});
