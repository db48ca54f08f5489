/** @file CRATE's successors and the language models, held to their formulas written out. */

import { expect, test } from "vitest";
import { cat, createModel, noGrad, random, scope, stack, type Tensor, tensor } from "../../src/index.ts";
import {
  Aot,
  AotLayer,
  CausalTSSA,
  CrateAlpha,
  CrateAlphaLayer,
  DecoupledISTA,
  type Gpt,
  OvercompleteISTA,
  TSSA,
} from "../../src/model/index.ts";
import { type PatchConvolution, patchify } from "../../src/nn/index.ts";

const wide = { dtype: "float64" } as const;
const stream = random(12);
const [b, n, d, heads, p] = [2, 5, 8, 2, 4];

/** max |a − b|. */
const gap = (a: Tensor, b: Tensor): number => a.detach().sub(b.detach()).abs().max().item();
const draw = (name: string, shape: readonly number[]): Tensor => stream.at(name).normal(shape, wide);
const tokens = (): Tensor => draw("Z", [b, n, d]);

const norm = (x: Tensor, w: Tensor, bias: Tensor, epsilon: number): Tensor => {
  const centred = x.sub(x.mean(-1, true));
  return centred
    .div(x.var(-1, 0, true).add(epsilon).sqrt())
    .mul(w)
    .add(bias);
};

/** Proximal-gradient steps on ½‖Z − A D‖² + λ‖A‖₁, A ≥ 0, from zero; atoms of D are rows. */
function lasso(Z: Tensor, D: Tensor, eta: number, lambda: number, steps: number): Tensor {
  let A = Z.matmul(D.T).mul(0);
  for (let t = 0; t < steps; t++) {
    const slope = A.matmul(D).sub(Z).matmul(D.T);
    A = A.sub(slope.mul(eta))
      .sub(eta * lambda)
      .relu();
  }
  return A;
}

test("OvercompleteISTA: two steps of the lasso from zero, decoded by the same dictionary", () =>
  scope(() => {
    const Z = tokens();
    const D = draw("D", [4 * d, d]).div(4);
    using layer = new OvercompleteISTA(D, { eta: 0.07, lambda: 0.3 });
    expect(gap(layer.apply(Z), lasso(Z, D, 0.07, 0.3, 2).matmul(D))).toBeLessThan(1e-12);
  }));

test("DecoupledISTA: two steps of the lasso from zero, decoded by a dictionary of its own", () =>
  scope(() => {
    const Z = tokens();
    const [D, D1] = [draw("D", [d, 4 * d]).div(4), draw("D1", [d, 4 * d])];
    using layer = new DecoupledISTA(D, D1, { eta: 0.07, lambda: 0.3 });
    expect(gap(layer.apply(Z), lasso(Z, D.T, 0.07, 0.3, 2).matmul(D1.T))).toBeLessThan(1e-12);
  }));

/** Weights with numbers that differ, so that every term counts. */
const weights = () => ({
  U: draw("U", [d, d]),
  b: draw("b", [d]),
  W: draw("W", [d, d]),
  c: draw("c", [d]),
});

test("TSSA: memberships from second moments, one head, token and channel at a time", () =>
  scope(() => {
    const Z = tokens();
    const given = weights();
    const layer = new TSSA(given, { heads }).to("float64");
    noGrad(() => layer.temperature.copy_(draw("τ", [heads, 1])));
    const w = Z.matmul(given.U.T).add(given.b).reshape([b, n, heads, p]).toArray() as number[][][][];
    const tau = layer.temperature.numbers();
    const out = w.map((sample) => {
      const at = (i: number, k: number, c: number) => sample[i]![k]![c]!;
      const all = Array.from({ length: n }, (_, i) => i);
      const score = (i: number, k: number) =>
        tau[k]! *
        Array.from({ length: p }, (_, c) => {
          const total = all.reduce((sum, j) => sum + at(j, k, c) ** 2, 0);
          return at(i, k, c) ** 2 / total;
        }).reduce((sum, share) => sum + share, 0);
      const Pi = all.map((i) => {
        const powers = tau.map((_, k) => Math.exp(score(i, k)));
        return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
      });
      const moment = (k: number, c: number) => {
        const mass = all.reduce((sum, i) => sum + Pi[i]![k]!, 0);
        return all.reduce((sum, i) => sum + Pi[i]![k]! * at(i, k, c) ** 2, 0) / (mass + 1e-8);
      };
      return sample.map((row, i) =>
        row.flatMap((head, k) => head.map((value, c) => (-Pi[i]![k]! * value) / (1 + moment(k, c)))),
      );
    });
    const expected = tensor(out, wide).matmul(given.W.T).add(given.c);
    expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
    layer.dispose();
  }));

test("CausalTSSA: token t is what the last of t tokens would be, with β of its place", () =>
  scope(() => {
    const Z = tokens();
    const given = weights();
    const layer = new CausalTSSA(given, { heads, context: n + 2 }).to("float64");
    noGrad(() => layer.shift.copy_(draw("β", layer.shift.shape)));
    const out = layer.apply(Z);
    for (let t = 0; t < n; t++) {
      const w = Z.narrow(1, 0, t + 1)
        .matmul(given.U.T)
        .add(given.b)
        .reshape([b, t + 1, heads, p])
        .transpose(1, 2);
      const squares = w.square(); //                                            [b, K, t + 1, p]
      // memberships of earlier tokens are those they had when they were the last
      const Pi = Array.from({ length: t + 1 }, (_, s) => {
        const total = squares.narrow(2, 0, s + 1).sum(2); //                    [b, K, p]
        const beta = layer.shift.select(2, 0).select(1, s); //                  [K]
        const share = squares.select(2, s).div(total).sum(-1).add(beta.mul(p)); // [b, K]
        return share.mul(layer.temperature.select(1, 0)).softmax(1);
      });
      const mass = Pi.reduce((sum, part) => sum.add(part)).add(1e-8); //        [b, K]
      const moment = Pi.map((part, s) => squares.select(2, s).mul(part.unsqueeze(-1))).reduce((sum, part) =>
        sum.add(part),
      );
      const m = moment.div(mass.unsqueeze(-1)); //                              [b, K, p]
      const last = w.select(2, t).mul(Pi[t]!.unsqueeze(-1)).div(m.add(1)).neg();
      const expected = last.reshape([b, d]).matmul(given.W.T).add(given.c);
      expect(gap(out.select(1, t), expected)).toBeLessThan(1e-10);
    }
    layer.dispose();
  }));

test("CrateAlphaLayer: Z½ = Z + MSSA(LN(Z)), Z⁺ = Z½ + DecoupledISTA(LN(Z½)), no bias in MSSA", () =>
  scope(() => {
    const Z = tokens();
    const options = { dim: d, heads, headDim: p, imageSize: 8, patch: 4, classes: 3, depth: 1 };
    const layer = new CrateAlphaLayer(stream.at("alpha"), options).to("float64");
    const half = Z.add(layer.mssa.apply(norm(Z, layer.norm1.w, layer.norm1.b!, 1e-6)));
    const expected = half.add(layer.ista.apply(norm(half, layer.norm2.w, layer.norm2.b!, 1e-6)));
    expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
    expect(layer.mssa.b).toBeUndefined();
    layer.dispose();
  }));

const image = { imageSize: 8, patch: 4, channels: 3, classes: 3, dim: d, depth: 2, heads, headDim: p };

test("CrateAlpha: patches times a matrix, class token and positions, the layers, LN and Linear", () =>
  scope(() => {
    const model = new CrateAlpha(image, stream.at("CrateAlpha")).to("float64");
    const X = draw("X", [b, 3, 8, 8]);
    const { W, b: bias } = model.embedding as PatchConvolution;
    const kernel = W.permute([0, 2, 3, 1]).reshape([d, -1]); // a patch's rows, columns, channels
    const patches = patchify(X, 4).matmul(kernel.T).add(bias!);
    let Z = cat([model.cls.expand([b, 1, d]), patches], 1).add(model.positions);
    for (const block of model.blocks) Z = block.apply(Z);
    const pooled = norm(Z.select(1, 0), model.headNorm.w, model.headNorm.b!, 1e-5);
    expect(gap(model.apply(X), pooled.matmul(model.head.W.T).add(model.head.b!))).toBeLessThan(1e-12);
    model.dispose();
  }));

test("AotLayer: Z⁺ = Z + MSSA(LN(Z)) and nothing else", () =>
  scope(() => {
    const Z = tokens();
    const layer = new AotLayer(stream.at("aot"), { dim: d, heads, headDim: p }).to("float64");
    const expected = Z.add(layer.mssa.apply(norm(Z, layer.norm1.w, layer.norm1.b!, 1e-5)));
    expect(gap(layer.apply(Z), expected)).toBeLessThan(1e-12);
    expect(layer.parameterCount()).toBe(2 * d * d + 3 * d);
    layer.dispose();
  }));

test("Aot: CRATE's tokens, layers that only mix, CRATE's head", () =>
  scope(() => {
    const model = new Aot(image, stream.at("Aot")).to("float64");
    const X = draw("X", [b, 3, 8, 8]);
    let Z = cat([model.cls.expand([b, 1, d]), model.embedding.apply(X)], 1).add(model.positions);
    for (const block of model.blocks) Z = Z.add(block.mssa.apply(block.norm1.apply(Z)));
    const expected = model.head.apply(model.headNorm.apply(Z.select(1, 0)));
    expect(gap(model.apply(X), expected)).toBeLessThan(1e-12);
    model.dispose();
  }));

test("Tost: from its parameters: waves, TSSA blocks, two class blocks, the class token", () =>
  scope(() => {
    const options = { imageSize: 8, patch: 2, channels: 3, classes: 3, dim: d, depth: 2, heads };
    const model = createModel("tost", options, stream.at("tost")).to("float64").eval();
    const named = model.stateDict();
    const at = (name: string) => named.get(name)!;
    for (const name of ["gamma1", "gamma2"]) noGrad(() => at(`blocks.1.${name}`).copy_(draw(name, [d])));
    const linear = (x: Tensor, name: string) => x.matmul(at(`${name}.weight`).T).add(at(`${name}.bias`));
    const ln = (x: Tensor, name: string) => norm(x, at(`${name}.weight`), at(`${name}.bias`), 1e-6);
    const mlp = (x: Tensor, name: string) => linear(linear(x, `${name}.fc1`).gelu(), `${name}.fc2`);
    const X = draw("X", [b, 3, 8, 8]);
    const grid = model.stem.apply(X); //                                        [b, d, 4, 4]
    let T = grid.flatten(2).transpose(1, 2).add(model.positions.apply(grid));
    for (const [l, block] of model.blocks.entries()) {
      T = T.add(block.tssa.apply(ln(T, `blocks.${l}.norm1`)).mul(at(`blocks.${l}.gamma1`)));
      T = T.add(mlp(ln(T, `blocks.${l}.norm2`), `blocks.${l}.mlp`).mul(at(`blocks.${l}.gamma2`)));
    }
    let z = at("cls_token").expand([b, 1, d]);
    for (const l of [0, 1]) {
      const name = `cls_attn_blocks.${l}`;
      const normed = ln(cat([z, T], 1), `${name}.norm1`);
      const [Q, K, V] = linear(normed, `${name}.attn.qkv`).chunk(3, -1);
      const mixed = Array.from({ length: heads }, (_, k) => {
        const [q, key, v] = [Q!.narrow(1, 0, 1), K!, V!].map((x) => x.narrow(-1, k * p, p));
        return q!.matmul(key!.T).div(Math.sqrt(p)).softmax(-1).matmul(v!);
      });
      const attended = linear(cat(mixed, -1), `${name}.attn.proj`);
      z = ln(z.add(attended.mul(at(`${name}.gamma1`))), `${name}.norm2`);
      z = z.add(mlp(z, `${name}.mlp`).mul(at(`${name}.gamma2`)));
      const rest = normed.narrow(1, 1, 16).mul(at(`${name}.gamma1`));
      T = ln(T.add(rest), `${name}.norm2`).mul(2);
    }
    const expected = linear(ln(z, "norm").select(1, 0), "head");
    expect(gap(model.apply(X), expected)).toBeLessThan(1e-12);
    model.dispose();
  }));

test("Gpt: tables of tokens and positions, causal layers, the table of tokens again", () =>
  scope(() => {
    const sizes = { dim: d, depth: 1, heads, context: 6, vocabulary: 11 };
    const model = createModel("crate_gpt", sizes, stream.at("gpt")).to("float64") as Gpt;
    const at = (name: string) => model.namedParameters().get(`transformer.${name}`)!;
    const t = stream.at("t").integers([b, n], 0, 11);
    const E = at("wte.weight");
    const Z = stack(Array.from({ length: b }, (_, i) => E.indexSelect(0, t.select(0, i)))).add(
      at("wpe.weight").narrow(0, 0, n),
    );
    const ln = (x: Tensor, name: string) => norm(x, at(`${name}.weight`), at(`${name}.bias`), 1e-5);
    const W = ln(Z, "h.0.prenorm_1").matmul(at("h.0.attn.c_attn.weight").T); //  [b, n, K p]
    const mixed = Array.from({ length: n }, (_, i) =>
      cat(
        Array.from({ length: heads }, (_, k) => {
          const seen = W.narrow(1, 0, i + 1).narrow(2, k * p, p);
          const own = seen.narrow(1, i, 1);
          return own.matmul(seen.T).div(Math.sqrt(p)).softmax(-1).matmul(seen); // [b, 1, p]
        }),
        -1,
      ),
    );
    const step = cat(mixed, 1).matmul(at("h.0.attn.c_proj.weight").T).add(at("h.0.attn.c_proj.bias"));
    const V = ln(Z.add(step), "h.0.prenorm_2");
    const D = at("h.0.ista.weight");
    const code = V.add(V.sub(V.matmul(D.T)).matmul(D).mul(0.1))
      .sub(0.01)
      .relu();
    expect(gap(model.apply(t), code.matmul(E.T))).toBeLessThan(1e-12);
    model.dispose();
  }));

test("Bert: three tables and LN, CRATE's layers without a causal mask, LN(GELU(Linear)) and the table", () =>
  scope(() => {
    const sizes = { dim: d, depth: 1, heads, context: 6, vocabulary: 11 };
    const model = createModel("crate_bert", sizes, stream.at("bert")).to("float64");
    const at = (name: string) => model.namedParameters().get(name)!;
    const table = (name: string) => at(`crate.embeddings.${name}_embeddings.weight`);
    const t = stream.at("t").integers([b, n], 0, 11);
    const ln = (x: Tensor, name: string, epsilon: number) =>
      norm(x, at(`${name}.weight`), at(`${name}.bias`), epsilon);
    const E = table("word");
    const rows = stack(Array.from({ length: b }, (_, i) => E.indexSelect(0, t.select(0, i))));
    const sum = rows.add(table("position").narrow(0, 0, n)).add(table("token_type").select(0, 0));
    const Z = ln(sum, "crate.embeddings.LayerNorm", 1e-12);
    const layer = "crate.encoder.layer.0";
    const W = ln(Z, `${layer}.attention.self.prenorm`, 1e-5).matmul(
      at(`${layer}.attention.self.qkv.weight`).T,
    );
    const mixed = Array.from({ length: heads }, (_, k) => {
      const w = W.narrow(2, k * p, p);
      return w.matmul(w.T).div(Math.sqrt(p)).softmax(-1).matmul(w);
    });
    const half = Z.add(cat(mixed, -1).matmul(at(`${layer}.attention.output.dense.weight`).T));
    const V = ln(half, `${layer}.output.prenorm`, 1e-5);
    const D = at(`${layer}.output.weight`);
    const code = V.add(V.sub(V.matmul(D.T)).matmul(D).mul(0.1))
      .sub(0.01)
      .relu();
    const dense = code.matmul(at("lm_head.dense.weight").T).add(at("lm_head.dense.bias")).gelu();
    const expected = ln(dense, "lm_head.layer_norm", 1e-12).matmul(E.T).add(at("lm_head.bias"));
    expect(gap(model.apply(t), expected)).toBeLessThan(1e-12);
    model.dispose();
  }));
