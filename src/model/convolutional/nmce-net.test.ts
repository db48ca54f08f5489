import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { random, scope } from "../../tensor/index.ts";
import { NmceNet, ResNet } from "../index.ts";

const tiny = () => {
  const stem = { width: 4, kernel: 3, stride: 1, padding: 1 };
  return new ResNet({ dim: 6, channels: 1, widths: [4, 6], blocks: 1, stem, head: false }, random(1));
};

test("NmceNet: trunk, linear layer with BN and ReLU, then features on the sphere and logits", () => {
  scope(() => {
    using net = new NmceNet({ backbone: tiny(), hidden: 10, dim: 5, clusters: 3 }, random(2));
    net.eval();
    const X = random(3).normal([4, 1, 8, 8]);
    const p = net.stateDict();
    const layer = (name: string) => [p.get(`${name}.weight`)!, p.get(`${name}.bias`)!] as const;
    const H = net.backbone
      .trunk(X)
      .linear(...layer("pre_feature.0"))
      .div(Math.sqrt(1 + 1e-5)) //                                              fresh running statistics
      .relu();
    const Y = H.linear(...layer("subspace"));
    const { Z, logits } = net.outputs(X);
    expectClose(Z, Y.div(Y.norm(-1, true)));
    expectClose(net.apply(X), Z);
    expectClose(logits, H.linear(...layer("cluster")));
    expectClose(net.backbone.apply(X), net.backbone.trunk(X).div(net.backbone.trunk(X).norm(-1, true)));
    using bare = new NmceNet({ backbone: tiny(), hidden: 10 }, random(2));
    expect(() => bare.outputs(X)).toThrow("a network with clusters");
  });
});

test("the published sizes: a trunk of 11,168,832 parameters, 512 → 4096 → 128", () => {
  scope(() => {
    using net = new NmceNet({ clusters: 10 }, random(0));
    expect(net.backbone.parameterCount()).toBe(11_168_832);
    const wide = 512 * 4096 + 4096 + 2 * 4096;
    expect(net.parameterCount()).toBe(11_168_832 + wide + 4097 * (128 + 10));
  });
});
