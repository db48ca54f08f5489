/** @file The layers, held to their formulas written out one head and one product at a time. */

import { expect, test } from "vitest";
import { aten, cat, createModel, noGrad, random, scope, type Tensor } from "../../src/index.ts";
import { Crate, CrateLayer, ISTA, Majorise, mssa } from "../../src/model/index.ts";
import { type PatchEmbedding, patchify } from "../../src/nn/index.ts";

const wide = { dtype: "float64" } as const;
const stream = random(11);
const [b, n, d, heads, headDim] = [2, 5, 8, 2, 4];

/** max |a − b|. */
const gap = (a: Tensor, b: Tensor): number => a.detach().sub(b.detach()).abs().max().item();

const norm = (x: Tensor, w: Tensor, bias: Tensor, epsilon = 1e-5): Tensor => {
  const centred = x.sub(x.mean(-1, true));
  return centred
    .div(x.var(-1, 0, true).add(epsilon).sqrt())
    .mul(w)
    .add(bias);
};

const tokens = (): Tensor => stream.at("Z").normal([b, n, d], wide);

test("MSSA: [SSA₁ … SSA_K] Wᵀ + b, head by head, and tied to U, also with a step of each head", () =>
  scope(() => {
    const Z = tokens();
    for (const [tiedOutput, headSteps] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const) {
      const layer = mssa(d, stream.at("mssa"), { heads, headDim, tiedOutput, headSteps }).to("float64");
      if (headSteps) noGrad(() => layer.steps!.copy_(stream.at("steps").normal([heads], wide)));
      const outputs = Array.from({ length: heads }, (_, k) => {
        const ZU = Z.matmul(layer.U.narrow(0, k * headDim, headDim).T); //      [b, n, p]
        const SSA = ZU.matmul(ZU.T).div(Math.sqrt(headDim)).softmax(-1).matmul(ZU);
        return headSteps ? SSA.mul(layer.steps!.select(0, k)) : SSA;
      });
      const stacked = cat(outputs, -1); //                                      [b, n, K p]
      const expected = tiedOutput ? stacked.matmul(layer.U) : stacked.matmul(layer.W!.T).add(layer.b!);
      expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
      layer.dispose();
    }
  }));

test("ISTA: ReLU(Z + η (Z − Z Dᵀ) D − η λ), and a small step lowers the lasso it comes from", () =>
  scope(() => {
    const Z = tokens().abs();
    const D = stream.at("D").normal([d, d], wide).div(Math.sqrt(d));
    const [eta, lambda] = [0.05, 0.1];
    using layer = new ISTA(D, { eta, lambda });
    const residual = Z.sub(Z.matmul(D.T));
    const expected = Z.add(residual.matmul(D).mul(eta))
      .sub(eta * lambda)
      .relu();
    const A = layer.apply(Z);
    expect(gap(A, expected)).toBeLessThan(1e-12);
    const lasso = (A: Tensor) => {
      const error = Z.sub(A.matmul(D.T)).square().sum().item() / 2; //         ½‖Z − A Dᵀ‖²
      return error + lambda * A.sum().item();
    };
    expect(lasso(A)).toBeLessThan(lasso(Z));
  }));

test("Majorise: ReLU((1 + 4/(9(1+α))) Z D − 4λ/(9α)) with α = d/(n ε²)", () =>
  scope(() => {
    const Z = tokens();
    const D = stream.at("D").normal([d, d], wide);
    const alpha = d / (n * 0.25);
    using layer = new Majorise(D, { lambda: 0.3, epsilon: 0.5 });
    const expected = Z.matmul(D)
      .mul(1 + 4 / (9 * (1 + alpha)))
      .sub((4 * 0.3) / (9 * alpha))
      .relu();
    expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
  }));

test("CrateLayer: Z½ = Z + MSSA(LN(Z)), Z⁺ = ISTA(LN(Z½)), without a skip around ISTA", () =>
  scope(() => {
    const Z = tokens();
    const layer = new CrateLayer(stream.at("layer"), { dim: d, heads, headDim }).to("float64");
    const half = Z.add(layer.mssa.apply(norm(Z, layer.norm1.w, layer.norm1.b!)));
    const expected = layer.ista.apply(norm(half, layer.norm2.w, layer.norm2.b!));
    expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
    layer.dispose();
  }));

test("Crate: embedding, class token and positions, the layers, LN and Linear on the class token", () =>
  scope(() => {
    const sizes = { imageSize: 8, patch: 4, channels: 3, classes: 3, dim: d, depth: 2, heads, headDim };
    const model = new Crate(sizes, stream.at("crate")).to("float64");
    const X = stream.at("X").normal([b, 3, 8, 8], wide);
    const { norm: first, linear, out } = model.embedding as PatchEmbedding;
    const patches = norm(linear.apply(norm(patchify(X, 4), first.w, first.b!)), out.w, out.b!);
    let Z = cat([model.cls.expand([b, 1, d]), patches], 1).add(model.positions);
    for (const block of model.blocks) Z = block.apply(Z);
    const pooled = norm(Z.select(1, 0), model.headNorm.w, model.headNorm.b!);
    const expected = pooled.matmul(model.head!.W.T).add(model.head!.b!);
    expect(gap(model.apply(X), expected)).toBeLessThan(1e-12);
    model.dispose();
  }));

test("ViT: Z½ = Z + MHSA(LN(Z)), Z⁺ = Z½ + MLP(LN(Z½)), from its parameters alone", () =>
  scope(() => {
    const options = { imageSize: 8, patch: 4, classes: 3, dim: d, depth: 1, heads };
    const model = createModel("vit", options, stream.at("vit")).to("float64");
    const named = model.namedParameters();
    const at = (name: string) => named.get(name)!;
    const linear = (x: Tensor, name: string) => x.matmul(at(`${name}.weight`).T).add(at(`${name}.bias`));
    const ln = (x: Tensor, name: string) => norm(x, at(`${name}.weight`), at(`${name}.bias`), 1e-6);
    const X = stream.at("X").normal([b, 3, 8, 8], wide);
    const patches = aten("conv2d", X, at("patch_embed.proj.weight"), at("patch_embed.proj.bias"), [4, 4])
      .flatten(2)
      .transpose(1, 2);
    const Z = cat([at("cls_token").expand([b, 1, d]), patches], 1).add(at("pos_embed"));
    const qkv = linear(ln(Z, "blocks.0.norm1"), "blocks.0.attn.qkv");
    const [Q, K, V] = qkv.chunk(3, -1);
    const mixed = Array.from({ length: heads }, (_, k) => {
      const [q, key, v] = [Q!, K!, V!].map((x) => x.narrow(-1, k * headDim, headDim));
      return q!.matmul(key!.T).div(Math.sqrt(headDim)).softmax(-1).matmul(v!);
    });
    const half = Z.add(linear(cat(mixed, -1), "blocks.0.attn.proj"));
    const inner = linear(ln(half, "blocks.0.norm2"), "blocks.0.mlp.fc1").gelu();
    const after = half.add(linear(inner, "blocks.0.mlp.fc2"));
    const expected = linear(ln(after, "norm").select(1, 0), "head");
    expect(gap(model.apply(X), expected)).toBeLessThan(1e-12);
    model.dispose();
  }));
