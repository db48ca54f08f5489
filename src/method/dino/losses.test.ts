import { expect, test } from "vitest";
import { toSphere } from "../../nn/index.ts";
import { aten, eye, gradients, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { dinoLoss, nextCentre, simdinoLoss } from "./losses.ts";

const stream = random(5);
const wide = { dtype: "float64" } as const;
const [n, K, V] = [6, 5, 4];
const draw = (rows: number, name: string): Tensor => stream.at(name).normal([rows, K], wide);
/** Crop v of outputs. */
const crop = (x: Tensor, v: number): Tensor => x.narrow(0, v * n, n);

test("dinoLoss: the mean cross entropy of both large crops' targets with every other crop", () => {
  scope(() => {
    const [student, teacher, centre] = [draw(V * n, "s"), draw(2 * n, "t"), draw(1, "c")];
    let expected = 0;
    for (const i of [0, 1])
      for (let v = 0; v < V; v++) {
        if (v === i) continue;
        const target = crop(teacher, i).sub(centre).div(0.07).softmax(-1);
        expected -=
          target.mul(crop(student, v).div(0.2).logSoftmax(-1)).sum([-1]).mean().item() / (2 * V - 2);
      }
    const { loss } = dinoLoss(student, teacher, centre, { student: 0.2, teacher: 0.07 });
    expect(loss.item()).toBeCloseTo(expected, 10);
  });
});

test("dinoLoss: entropies tell equal prototypes from one prototype for all", () => {
  scope(() => {
    const none = zeros([1, K], wide);
    const flat = dinoLoss(draw(V * n, "s"), zeros([2 * n, K], wide), none);
    expect(flat.targetEntropy.item()).toBeCloseTo(Math.log(K), 10);
    expect(flat.meanEntropy.item()).toBeCloseTo(Math.log(K), 10);
    const same = zeros([2 * n, K], wide).add(tensor([[9, 0, 0, 0, 0]], wide));
    const one = dinoLoss(draw(V * n, "s"), same, none);
    expect(one.meanEntropy.item()).toBeCloseTo(0, 10);
    // a centre that has caught up takes a common preference away
    const centred = dinoLoss(draw(V * n, "s"), same, tensor([[9, 0, 0, 0, 0]], wide));
    expect(centred.meanEntropy.item()).toBeCloseTo(Math.log(K), 10);
  });
});

test("only the student has a gradient, and it is that of softmax against targets", () => {
  scope(() => {
    const [student, teacher] = [draw(2 * n, "s").setRequiresGrad(), draw(2 * n, "t").setRequiresGrad()];
    const centre = zeros([1, K], wide);
    const [slope] = gradients(dinoLoss(student, teacher, centre, { student: 0.5, teacher: 0.5 }).loss, [
      student,
    ]);
    // of two crops, the first is held to the target of the second: (p − q)/(τ · 2n)
    const target = crop(teacher, 1).div(0.5).softmax(-1);
    const expected = crop(student, 0).div(0.5).softmax(-1).sub(target).div(n);
    expect(crop(slope!, 0).sub(expected).abs().max().item()).toBeLessThan(1e-12);
    expect(() => gradients(dinoLoss(student.detach(), teacher, centre).loss, [teacher])).toThrow();
  });
});

test("nextCentre: a running mean over images and crops", () => {
  scope(() => {
    const next = nextCentre(
      tensor([[1, 0]]),
      tensor([
        [2, 4],
        [4, 8],
      ]),
      0.75,
    );
    expect(next.numbers()).toEqual([0.75 + 0.75, 1.5]);
  });
});

test("simdinoLoss: agreement and scaled rate as the authors' code has them, of the mean and of the student", () => {
  for (const spread of ["mean", "student"] as const)
    scope(() => {
      const [student, teacher] = [toSphere(draw(V * n, "s")), toSphere(draw(2 * n, "t"))];
      let cosine = 0;
      let rate = 0;
      for (const i of [0, 1]) {
        for (let v = 0; v < V; v++)
          if (v !== i) cosine += crop(teacher, i).mul(crop(student, v)).sum([-1]).mean().item() / (2 * V - 2);
        const s = crop(student, i);
        const W = spread === "mean" ? s.add(crop(teacher, i)).div(2) : s;
        const gram = W.T.matmul(W)
          .mul(K / (n * 0.05))
          .add(eye(K, wide)); //    their eps is ε² = 0.05
        rate += ((aten("logdet", gram).item() / 2 / 2) * (K + n)) / (K * n);
      }
      const options = { epsilon: Math.sqrt(0.05), alignment: 3, spread };
      const found = simdinoLoss(student, teacher, options);
      expect(found.cosine.item()).toBeCloseTo(cosine, 10);
      expect(found.rate.item()).toBeCloseTo(rate, 10);
      expect(found.loss.item()).toBeCloseTo(-3 * cosine - rate, 10);
    });
});

test("outputs that are not those of equal crops are refused", () => {
  scope(() => {
    expect(() => dinoLoss(draw(7, "s"), draw(4, "t"), zeros([1, K], wide))).toThrow(
      "crops of as many images",
    );
    expect(() => simdinoLoss(draw(4, "s"), draw(8, "t"), { epsilon: Math.SQRT1_2 })).toThrow(
      "crops of as many images",
    );
  });
});
