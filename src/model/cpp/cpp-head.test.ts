import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { gradients, partialGradients, random, scope } from "../../tensor/index.ts";
import { CppHead } from "../index.ts";

const small = { inputs: 6, hidden: 10, dim: 4 };

test("CppHead: BN between two linear layers, ReLU after both, a linear layer and the sphere for each output", () => {
  scope(() => {
    using head = new CppHead(small, random(1));
    head.eval();
    const X = random(2).normal([5, 6]);
    const p = head.stateDict();
    const at = (name: string) => p.get(name)!;
    const first = X.linear(at("pre_feature.0.weight"), at("pre_feature.0.bias"));
    const normed = first.div(Math.sqrt(1 + 1e-5)); //                           fresh running statistics
    const H = normed.relu().linear(at("pre_feature.3.weight"), at("pre_feature.3.bias")).relu();
    const out = (name: string) => {
      const Y = H.linear(at(`${name}.0.weight`), at(`${name}.0.bias`));
      return Y.div(Y.norm(-1, true));
    };
    const { Z, C } = head.features(X);
    expectClose(Z, out("subspace"));
    expectClose(C, out("cluster"));
    expectClose(head.apply(X), Z);
    head.startClusters();
    expectClose(head.features(X).C, Z);
  });
});

test("the published sizes have 20,988,160 parameters under the authors' names", () => {
  scope(() => {
    using head = new CppHead({}, random(0));
    expect(head.parameterCount()).toBe(20_988_160);
    expect([...head.stateDict().keys()]).toEqual([
      ...["weight", "bias"].map((name) => `pre_feature.0.${name}`),
      ...["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map(
        (name) => `pre_feature.1.${name}`,
      ),
      ...["pre_feature.3", "subspace.0", "cluster.0"].flatMap((layer) => [
        `${layer}.weight`,
        `${layer}.bias`,
      ]),
    ]);
  });
});

test("features have no gradient in the cluster layer, and a tied head reads it nowhere", () => {
  scope(() => {
    const X = random(2).normal([5, 6]);
    using head = new CppHead(small, random(1));
    const layer = [...head.clusterParameters().values()];
    expect(partialGradients(head.features(X).Z.sum(), layer)).toEqual([null, null]);
    expect(gradients(head.features(X).C.sum(), layer)).toHaveLength(2);
    expect([...head.featureParameters().keys()].some((name) => name.startsWith("cluster"))).toBe(false);
    using tied = new CppHead({ ...small, clusterHead: "tied" }, random(1));
    const { Z, C } = tied.features(X);
    expect(C).toBe(Z);
    expect(tied.clusterParameters().size).toBe(0);
    expect([...tied.stateDict().keys()]).toEqual([...head.stateDict().keys()]);
  });
});
