/** @file How operators of libtorch are written in ONNX. */

import type { TracedTensor } from "../../tensor/index.ts";
import { complexRules } from "./complex.ts";
import { type Call, type Emitter, type Id, isComplex, pairs, type Rule } from "./emitter.ts";

/** The same tensor under another handle. */
const same: Rule = (call) => call.id([...call.argumentNames][0]!);

const reshape: Rule = (call, e) => e.reshaped(call.id("self"), call.out);

/** Two tensors, brought to the type of the result (of comparisons: to the wider of their own). */
function operands(call: Call, e: Emitter, names = ["self", "other"]): Id[] {
  const tensors = names.map((name) => call.tensor(name));
  const comparing = call.out.dtype === "bool";
  const wide = tensors.some(({ dtype }) => dtype === "float32") ? "float32" : "int64";
  const alike = tensors.every(({ dtype }) => dtype === tensors[0]!.dtype);
  const target = comparing ? (alike ? tensors[0]!.dtype : wide) : call.out.dtype;
  return names.map((name, i) => {
    const [id, tensor] = [call.id(name), tensors[i]!];
    // a real factor of complex numbers stands beside their pairs
    if (isComplex(call.out) && !isComplex(tensor))
      return e.node("Reshape", [id, e.list([...free(tensor, e), 1])]);
    return tensor.dtype === target ? id : cast(id, target, e);
  });
}

/** Sizes of a tensor with −1 for the batch. */
const free = (tensor: TracedTensor, e: Emitter): number[] => {
  const varying = e.varying(tensor);
  return pairs(tensor).map((size, i) => (varying.includes(i) ? -1 : size));
};

const TO: Readonly<Record<string, number>> = { float32: 1, int64: 7, bool: 9 };
function cast(id: Id, dtype: string, e: Emitter): Id {
  const to = TO[dtype];
  if (to === undefined) throw e.refusal(`elements of type ${dtype}`);
  return e.node("Cast", [id], { to });
}

/** With a number: of whole numbers a whole one, else the tensor becomes real first. */
function withNumber(call: Call, e: Emitter, name = "other"): [Id, Id] {
  const self = call.tensor("self");
  const type = e.typeOf(self);
  const target = call.out.dtype === "bool" ? type : e.typeOf(call.out);
  const id = type === target ? call.id("self") : cast(call.id("self"), call.out.dtype, e);
  return [id, e.scalar(call.number(name), target)];
}

const binary =
  (operator: string): Rule =>
  (call, e) => {
    if (call.argumentNames.has("alpha")) call.require("alpha", 1);
    return e.node(operator, call.has("other") ? operands(call, e) : withNumber(call, e));
  };
/** The same with the result turned around: ≠ is not =. */
const negated =
  (operator: string): Rule =>
  (call, e) =>
    e.node("Not", [e.node(operator, call.has("other") ? operands(call, e) : withNumber(call, e))]);

const unary =
  (operator: string): Rule =>
  (call, e) =>
    e.node(operator, [call.id("self")]);

const transposed = (tensor: TracedTensor, a: number, b: number): number[] => {
  const order = pairs(tensor).map((_, i) => i);
  [order[a], order[b]] = [order[b]!, order[a]!];
  return order;
};

const transpose: Rule = (call, e) => {
  const self = call.tensor("self");
  const perm = transposed(self, call.axis("dim0", self), call.axis("dim1", self));
  return e.node("Transpose", [call.id("self")], { perm });
};

const permute: Rule = (call, e) => {
  const self = call.tensor("self");
  const perm = call.list("dims").map((axis) => (axis < 0 ? axis + self.shape.length : axis));
  return e.node("Transpose", [call.id("self")], { perm: isComplex(self) ? [...perm, perm.length] : perm });
};

/** A weight [out, in] turned once, so that rows are multiplied from the left. */
function turned(call: Call, e: Emitter, name: string): Id {
  const weight = call.tensor(name);
  if (weight.live) return e.node("Transpose", [call.id(name)], { perm: [1, 0] });
  const { data } = e.valueOf(weight);
  const [rows, columns] = weight.shape as [number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return e.constant(
    { type: "float32", dims: [columns, rows], data: out },
    weight.name === undefined ? `${e.place}/${name}` : `${weight.name}.T`,
  );
}

const linear = (call: Call, e: Emitter): Id => {
  const product = e.node("MatMul", [call.id("input"), turned(call, e, "weight")]);
  return call.has("bias") ? e.node("Add", [product, call.id("bias")]) : product;
};

const linearRelu: Rule = (call, e) => e.node("Relu", [linear(call, e)]);

const addmm: Rule = (call, e) => {
  const product = e.node("MatMul", [call.id("mat1"), call.id("mat2")]);
  const scaled = (id: Id, by: number) => (by === 1 ? id : e.node("Mul", [id, e.scalar(by)]));
  return e.node("Add", [scaled(call.id("self"), call.number("beta")), scaled(product, call.number("alpha"))]);
};

const layerNorm: Rule = (call, e) => {
  const [n, ...more] = call.list("normalized_shape");
  if (more.length > 0) throw e.refusal("layer_norm over several axes");
  const weight = call.has("weight")
    ? call.id("weight")
    : e.floats([n!], new Float32Array(n!).fill(1), "weight");
  const inputs = [call.id("input"), weight, ...(call.has("bias") ? [call.id("bias")] : [])];
  return e.node("LayerNormalization", inputs, { axis: -1, epsilon: call.number("eps") });
};

const addLayerNorm: Rule = (call, e) => {
  const sum = e.node("Add", [call.id("x"), call.id("r")]);
  const inputs = [sum, call.id("weight"), call.id("bias")];
  return [sum, e.node("LayerNormalization", inputs, { axis: -1, epsilon: call.number("epsilon") })];
};

const batchNorm: Rule = (call, e) => {
  if (call.plain("training")) throw e.refusal("batch_norm in training mode");
  const inputs = ["input", "weight", "bias", "running_mean", "running_var"].map((name) => call.id(name));
  return e.node("BatchNormalization", inputs, { epsilon: call.number("eps") });
};

/** Φ(x) x = x/2 (1 + erf(x/√2)) */
const gelu: Rule = (call, e) => {
  call.require("approximate", "none");
  const x = call.id("self");
  const erf = e.node("Erf", [e.node("Mul", [x, e.scalar(Math.SQRT1_2)])]);
  return e.node("Mul", [e.node("Mul", [x, e.scalar(0.5)]), e.node("Add", [erf, e.scalar(1)])]);
};

const select: Rule = (call, e) => {
  const self = call.tensor("self");
  return e.node("Gather", [call.id("self"), e.scalar(call.number("index"), "int64")], {
    axis: call.axis("dim", self),
  });
};

const unbind: Rule = (call, e) =>
  call.outputs.map((_, i) =>
    e.node("Gather", [call.id("self"), e.scalar(i, "int64")], {
      axis: call.axis("dim", call.tensor("self")),
    }),
  );

const narrow: Rule = (call, e) => {
  const self = call.tensor("self");
  const axis = call.axis("dim", self);
  if (e.varying(self).includes(axis)) throw e.refusal("a part of the batch");
  const start = call.number("start");
  return e.node("Slice", [
    call.id("self"),
    e.list([start]),
    e.list([start + call.number("length")]),
    e.list([axis]),
  ]);
};

const cat: Rule = (call, e) => {
  const parts = call.tensors("tensors").map((tensor, i) => e.id(tensor, `part.${i}`));
  return e.node("Concat", parts, { axis: call.axis("dim", call.out) });
};

const reduce =
  (operator: string): Rule =>
  (call, e) => {
    const self = call.tensor("self");
    const all = self.shape.map((_, i) => i);
    const dims = call.argumentNames.has("dim") && call.plain("dim") !== null ? call.list("dim") : all;
    const axes = dims.map((axis) => (axis < 0 ? axis + all.length : axis));
    const keepdims = call.argumentNames.has("keepdim") && call.plain("keepdim") ? 1 : 0;
    if (call.argumentNames.has("ord")) call.require("ord", 2);
    if (axes.some((axis) => e.varying(self).includes(axis)))
      throw e.refusal(`${call.operator} over the batch`);
    // in opset 17 only sums take axes as an input
    if (operator === "ReduceSum") return e.node(operator, [call.id("self"), e.list(axes)], { keepdims });
    return e.node(operator, [call.id("self")], { axes, keepdims });
  };

const clamp: Rule = (call, e) => {
  const bound = (name: string) =>
    call.plain(name) === null ? "" : e.scalar(call.number(name), e.typeOf(call.out));
  const [low, high] = [bound("min"), bound("max")];
  return e.node("Clip", high === "" ? [call.id("self"), low] : [call.id("self"), low, high]);
};

/** [top, left, bottom, right] of the same padding on both sides. */
const padding = (call: Call): number[] => {
  const [top = 0, left = top] = call.list("padding");
  return [top, left, top, left];
};
const two = (list: readonly number[]): number[] => (list.length === 1 ? [list[0]!, list[0]!] : [...list]);

const conv2d: Rule = (call, e) =>
  e.node("Conv", [call.id("input"), call.id("weight"), ...(call.has("bias") ? [call.id("bias")] : [])], {
    ...{
      strides: two(call.list("stride")),
      pads: padding(call),
      dilations: two(call.list("dilation")),
      group: call.number("groups"),
    },
  });

const convTranspose2d: Rule = (call, e) =>
  e.node(
    "ConvTranspose",
    [call.id("input"), call.id("weight"), ...(call.has("bias") ? [call.id("bias")] : [])],
    {
      ...{
        strides: two(call.list("stride")),
        pads: padding(call),
        dilations: two(call.list("dilation")),
        group: call.number("groups"),
      },
      output_padding: two(call.list("output_padding")),
    },
  );

/** A sequence is an image of one row. */
const conv1d: Rule = (call, e) => {
  const [input, weight] = [call.tensor("input"), call.tensor("weight")];
  const [, c, T] = input.shape as [number, number, number];
  const [out, each, k] = weight.shape as [number, number, number];
  const image = e.node("Reshape", [call.id("input"), e.list([-1, c, 1, T])]);
  const kernel = e.floats([out, each, 1, k], e.valueOf(weight).data as Float32Array, "weight");
  const made = e.node("Conv", [image, kernel, ...(call.has("bias") ? [call.id("bias")] : [])], {
    ...{
      strides: [1, ...call.list("stride")],
      pads: [0, call.list("padding")[0]!, 0, call.list("padding")[0]!],
    },
    ...{ dilations: [1, ...call.list("dilation")], group: call.number("groups") },
  });
  return e.reshaped(made, call.out);
};

const pool =
  (operator: string): Rule =>
  (call, e) => {
    const kernel_shape = two(call.list("kernel_size"));
    const given = call.list("stride");
    const pads = padding(call);
    call.require("ceil_mode", false);
    if (operator === "AveragePool" && pads.some((pad) => pad > 0)) throw e.refusal("avg_pool2d with padding");
    const strides = given.length === 0 ? kernel_shape : two(given);
    return e.node(operator, [call.id("self")], { kernel_shape, strides, pads });
  };

const upsample: Rule = (call, e) => {
  if (call.plain("align_corners")) throw e.refusal("bilinear resizing with aligned corners");
  const [before, after] = [call.tensor("input").shape, call.out.shape];
  const scales = Float32Array.of(1, 1, after[2]! / before[2]!, after[3]! / before[3]!);
  const mode = { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  return e.node("Resize", [call.id("input"), "", e.floats([4], scales, "scales")], mode);
};

const where: Rule = (call, e) => e.node("Where", [call.id("condition"), ...operands(call, e)]);

const expand: Rule = (call, e) => e.node("Expand", [call.id("self"), e.sizes(call.out)]);

/** An array of one number, as large as the batch asks for. */
const filled =
  (fill: (call: Call) => number): Rule =>
  (call, e) => {
    const type = e.typeOf(call.out);
    const x = fill(call);
    const data =
      type === "float32" ? Float32Array.of(x) : type === "int64" ? Float64Array.of(x) : Uint8Array.of(x);
    return e.node("ConstantOfShape", [e.sizes(call.out)], { value: { type, dims: [1], data } });
  };

const convert: Rule = (call, e) =>
  call.tensor("self").dtype === call.out.dtype ? call.id("self") : cast(call.id("self"), call.out.dtype, e);

const embedding: Rule = (call, e) => e.node("Gather", [call.id("weight"), call.id("indices")], { axis: 0 });

/** softmax(scale Q Kᵀ + mask) V */
function attend(e: Emitter, Q: Id, K: Id, V: Id, scale: number, masked: (scores: Id) => Id): Id {
  const products = e.node("MatMul", [Q, e.node("Transpose", [K], { perm: [0, 1, 3, 2] })]);
  const scores = masked(e.node("Mul", [products, e.scalar(scale)]));
  return e.node("MatMul", [e.node("Softmax", [scores], { axis: -1 }), V]);
}

/** Scores of keys that come after their query become −∞. */
function past(e: Emitter, scores: Id, n: number, m: number): Id {
  const seen = Uint8Array.from({ length: n * m }, (_, i) => (i % m <= Math.floor(i / m) ? 1 : 0));
  const constant = e.constant({ type: "bool", dims: [n, m], data: seen }, `${e.place}/seen`);
  return e.node("Where", [constant, scores, e.scalar(Number.NEGATIVE_INFINITY)]);
}

const attention: Rule = (call, e) => {
  const [Q, K] = [call.tensor("query"), call.tensor("key")];
  const [n, m] = [Q.shape.at(-2)!, K.shape.at(-2)!];
  if (Q.shape.length !== 4) throw e.refusal("attention that is not by heads, [b, K, n, p]");
  const scale = call.plain("scale") === null ? 1 / Math.sqrt(Q.shape.at(-1)!) : call.number("scale");
  const masked = (scores: Id): Id => {
    if (call.has("attn_mask")) {
      const mask = call.id("attn_mask");
      return call.tensor("attn_mask").dtype === "bool"
        ? e.node("Where", [mask, scores, e.scalar(Number.NEGATIVE_INFINITY)])
        : e.node("Add", [scores, mask]);
    }
    return call.plain("is_causal") ? past(e, scores, n, m) : scores;
  };
  return attend(e, call.id("query"), call.id("key"), call.id("value"), scale, masked);
};

const selfAttention: Rule = (call, e) => {
  const n = call.tensor("W").shape[1]!;
  const W = e.node("Transpose", [call.id("W")], { perm: [0, 2, 1, 3] });
  const masked = (scores: Id): Id => (call.plain("causal") ? past(e, scores, n, n) : scores);
  const mixed = attend(e, W, W, W, call.number("scale"), masked);
  return e.node("Transpose", [mixed], { perm: [0, 2, 1, 3] });
};

const softmax: Rule = (call, e) =>
  e.node("Softmax", [call.id("self")], { axis: call.axis("dim", call.tensor("self")) });
const square: Rule = (call, e) => e.node("Mul", [call.id("self"), call.id("self")]);
const cumsum: Rule = (call, e) =>
  e.node("CumSum", [call.id("self"), e.scalar(call.axis("dim", call.tensor("self")), "int64")]);

/** By the operator's name, its overload left out where all are written alike. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...{
      alias: same,
      contiguous: same,
      detach: same,
      clone: same,
      "to.device": convert,
      "to.dtype": convert,
    },
    ...{ reshape, view: reshape, "flatten.using_ints": reshape, unsqueeze: reshape, "squeeze.dim": reshape },
    ...{
      permute,
      "transpose.int": transpose,
      "select.int": select,
      "unbind.int": unbind,
      narrow,
      cat,
      expand,
    },
    ...{ add: binary("Add"), sub: binary("Sub"), mul: binary("Mul"), div: binary("Div") },
    ...{ eq: binary("Equal"), ne: negated("Equal"), gt: binary("Greater"), le: negated("Greater") },
    ...{
      relu: unary("Relu"),
      tanh: unary("Tanh"),
      neg: unary("Neg"),
      sqrt: unary("Sqrt"),
      exp: unary("Exp"),
    },
    ...{
      log: unary("Log"),
      abs: unary("Abs"),
      sigmoid: unary("Sigmoid"),
      square,
      gelu,
      clamp,
      "where.self": where,
    },
    leaky_relu: ((call, e) =>
      e.node("LeakyRelu", [call.id("self")], { alpha: call.number("negative_slope") })) as Rule,
    ...{
      sum: reduce("ReduceSum"),
      mean: reduce("ReduceMean"),
      linalg_vector_norm: reduce("ReduceL2"),
      cumsum,
    },
    ...{ linear, addmm, embedding, "vitrine::linear_relu": linearRelu },
    ...{
      layer_norm: layerNorm,
      "vitrine::add_layer_norm": addLayerNorm,
      batch_norm: batchNorm,
      "softmax.int": softmax,
    },
    ...{ scaled_dot_product_attention: attention, "vitrine::self_attention": selfAttention },
    ...{ conv1d, conv2d, "conv_transpose2d.input": convTranspose2d, "upsample_bilinear2d.vec": upsample },
    ...{ avg_pool2d: pool("AveragePool"), max_pool2d: pool("MaxPool") },
    ...{ zeros: filled(() => 0), ones: filled(() => 1), zeros_like: filled(() => 0) },
    full: filled((call) => call.number("fill_value")),
    ...complexRules,
  } satisfies Record<string, Rule>),
);

/** The rule of an operator. @throws {UsageError} there is none */
export function ruleOf(operator: string, e: Emitter): Rule {
  const found = rules.get(operator) ?? rules.get(operator.replace(/\.\w+$/, ""));
  if (found !== undefined) return found;
  throw e.refusal(operator);
}
