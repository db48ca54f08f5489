import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { autocast, gradients, operator, random, run, scope, type Tensor } from "../../tensor/index.ts";

const LINEAR_RELU = operator("vitrine::linear_relu");
/** As GPUs compute it: by a product that adds and cuts in its epilogue. */
const EPILOGUE = operator("vitrine::linear_relu.epilogue");

/** Z [2, 7, 5], W [3, 5], b [3], and the gradient from outside [2, 7, 3]. */
function drawn(): [Z: Tensor, W: Tensor, b: Tensor, g: Tensor] {
  const draw = (name: string, shape: number[]) => random(5).at(name).normal(shape, { dtype: "float64" });
  const [Z, W, b] = [draw("Z", [2, 7, 5]), draw("W", [3, 5]), draw("b", [3])];
  for (const input of [Z, W, b]) input.setRequiresGrad();
  return [Z, W, b, draw("g", [2, 7, 3])];
}

const apart = (Z: Tensor, W: Tensor, b: Tensor): Tensor => Z.linear(W, b).relu();
const atOnce = (Z: Tensor, W: Tensor, b: Tensor): Tensor => run(LINEAR_RELU, Z.h, W.h, b.h);
const byEpilogue = (Z: Tensor, W: Tensor, b: Tensor): Tensor => run(EPILOGUE, Z.h, W.h, b.h);

test("linear_relu is a linear map and a ReLU: values, gradients, gradients of gradients", () => {
  scope(() => {
    const [Z, W, b, g] = drawn();
    const found = [apart, atOnce, byEpilogue].map((form) => {
      const Y = form(Z, W, b);
      const first = gradients(Y.mul(g).sum(), [Z, W, b], { createGraph: true });
      const size = first.reduce((sum, gradient) => sum.add(gradient.square().sum()), Y.sum());
      return [Y, ...first, ...gradients(size, [Z, W])];
    });
    for (const ours of found.slice(1)) ours.forEach((tensor, i) => void expectClose(tensor, found[0]![i]!));
  });
});

test("linear_relu gives a gradient only of what needs one, and is bfloat16 where autocast says so", () => {
  scope(() => {
    const [Z, W, b, g] = drawn();
    const shift = b.detach();
    const [dW] = gradients(atOnce(Z.detach(), W, shift).mul(g).sum(), [W]);
    expectClose(dW!, gradients(apart(Z.detach(), W, shift).mul(g).sum(), [W])[0]!);
    const single = [Z, W, b].map((tensor) => tensor.detach().to("float32").setRequiresGrad());
    const [alike, ...halves] = [apart, atOnce, byEpilogue].map((form) => {
      const [Z, W, b] = single as [Tensor, Tensor, Tensor];
      const Y = autocast("bfloat16", "cpu", () => form(Z, W, b));
      expect(Y.dtype).toBe("bfloat16");
      return gradients(Y.to("float32").mul(g.to("float32")).sum(), single);
    });
    for (const half of halves) half.forEach((ours, i) => void expectClose(ours, alike![i]!));
  });
});

test("linear_relu refuses shapes that do not meet", () => {
  scope(() => {
    const [Z, W, b] = drawn();
    for (const form of [atOnce, byEpilogue])
      expect(() => form(Z, W.T, b)).toThrow(/linear_relu expects Z \[\.\.\., d\]/);
  });
});

test("the form with an epilogue takes tokens of any number of dimensions, none too, and a shift that is one number repeated", () => {
  scope(() => {
    const [Z, W] = drawn();
    const b = random(6).normal([1], { dtype: "float64" }).expand([3]);
    for (const tokens of [Z, Z.select(0, 1), Z.select(0, 1).select(0, 2), Z.transpose(0, 1)])
      expectClose(byEpilogue(tokens, W, b), apart(tokens, W, b));
    expect(byEpilogue(Z.narrow(1, 0, 0), W, b).shape).toEqual([2, 0, 3]);
  });
});
