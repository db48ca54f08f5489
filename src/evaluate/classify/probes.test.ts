import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import {
  arange,
  aten,
  cat,
  eye,
  gradients,
  ones,
  random,
  scope,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import { accuracy, larsProbe, leastSquares } from "./index.ts";
import { LarsHead } from "./lars-head.ts";

const K = 3;
const stream = random(4);

/** Three blobs around far corners; n [3 · each]. */
function blobs(each: number, name: string): { Z: Tensor; labels: Tensor } {
  const labels = arange(K * each).remainder(K);
  const centres = eye(K).mul(4).indexSelect(0, labels); //                      [n, 3]
  const Z = cat([centres, centres.mul(0)], 1).add(stream.at(name).normal([K * each, 2 * K]));
  return { Z, labels };
}

const share = (
  classifier: { predict(Z: Tensor): Tensor; dispose(): void },
  { Z, labels }: ReturnType<typeof blobs>,
) =>
  scope(() => {
    const found = accuracy(classifier.predict(Z), labels);
    classifier.dispose();
    return found;
  });

test("both probes separate what is separable, and labels at random are not", () =>
  scope(() => {
    const [train, test] = [blobs(100, "train"), blobs(50, "test")];
    expect(share(leastSquares(train.Z, train.labels, { classes: K }), test)).toBeGreaterThan(0.97);
    expect(share(larsProbe(train.Z, train.labels, { classes: K, random: stream }), test)).toBeGreaterThan(
      0.97,
    );
    const random = { ...train, labels: stream.at("labels").integers([300], 0, K) };
    expect(share(leastSquares(random.Z, random.labels, { classes: K }), test)).toBeLessThan(0.7);
  }));

test("least squares is the closed form, whatever the scale of a feature", () =>
  scope(() => {
    const { Z, labels } = blobs(20, "closed");
    const test = blobs(10, "closed test");
    const scaled = Z.mul(tensor([1, 100, 0.01, 1, 1, 1])).add(7);
    const X = cat([Z.sub(Z.mean(0)).div(Z.var(0, 0).add(1e-6).sqrt()), ones([60, 1])], 1).to("float64");
    const Y = aten("one_hot", labels, K).to("float64");
    const W = aten("linalg_solve", X.T.matmul(X).add(eye(7, { dtype: "float64" }).mul(60e-4)), X.T.matmul(Y));
    const expected = X.matmul(W).argmax(1);
    using own = leastSquares(Z, labels, { classes: K });
    expectClose(own.predict(Z).to("float64"), expected.to("float64"));
    using other = leastSquares(scaled, labels, { classes: K });
    const moved = test.Z.mul(tensor([1, 100, 0.01, 1, 1, 1])).add(7);
    expectClose(other.predict(moved).to("float32"), own.predict(test.Z).to("float32"));
  }));

test("LarsHead: a step moves the weights by lr τ ‖W‖ along the gradient, the bias by lr times its own", () =>
  scope(() => {
    const { Z, labels } = blobs(20, "step");
    using head = new LarsHead(Z, K, stream.at("head"));
    const { weight, bias, mean, deviation } = head.state;
    const [W, b] = [weight.clone().setRequiresGrad(), bias.clone().setRequiresGrad()];
    const logits = Z.sub(mean).div(deviation).linear(W, b);
    const loss = logits.logSoftmax(-1).gather(1, labels.unsqueeze(1)).mean().neg();
    const [gW, gb] = gradients(loss, [W, b]) as [Tensor, Tensor];
    expect(head.step(Z, labels, 0.5)).toBeCloseTo(loss.item(), 5);
    const trust = (0.001 * W.norm().item()) / gW.norm().item();
    expectClose(weight, W.sub(gW.mul(0.5 * trust)));
    expectClose(bias, b.sub(gb.mul(0.5)), 1e-3); // equal classes: it is nearly 0
    // a second step with momentum 0.9 goes further than the first
    head.step(Z, labels, 0.5);
    expect(weight.sub(W.detach()).norm().item()).toBeGreaterThan(1.5 * 0.5 * trust * gW.norm().item());
  }));

test("features that are not finite are refused by name", () =>
  scope(() => {
    const Z = tensor([[1], [Number.NaN]]);
    const labels = tensor(BigInt64Array.from([0n, 1n]));
    expect(() => leastSquares(Z, labels, { classes: 2 })).toThrow("least squares: expected finite features");
    expect(() => larsProbe(Z, labels, { classes: 2, random: stream })).toThrow(
      "linear probe: expected finite features",
    );
  }));
