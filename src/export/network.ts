/** @file A network as a graph: its outputs, and every probe on the way. */

import { float, type Graph, integers, type Value } from "../graph/index.ts";
import { stacksOf } from "../measure/index.ts";
import { type Network, randomInputs } from "../method/network.ts";
import { recordAll, tracked } from "../nn/index.ts";
import { noGrad, random, scope, type Tensor, type Trace, trace, UsageError } from "../tensor/index.ts";
import { formulasOf } from "./formulas.ts";
import { emit } from "./onnx/emit.ts";
import type { Label } from "./onnx/emitter.ts";

/** Inputs, and what libtorch makes of them: outputs and probes by name. */
export interface Reference {
  feeds: Readonly<Record<string, Value>>;
  values: ReadonlyMap<string, Value>;
}

export interface GraphOfNetwork {
  graph: Graph;
  /** Of random inputs, 2 samples and 3. */
  references: readonly Reference[];
}

/**
 * The graph of a network, every probe an output.
 * @throws {UsageError} training mode; what a graph cannot hold: the operator and the module's path are told
 */
export function graphOf(network: Network, metadata: ReadonlyMap<string, string> = new Map()): GraphOfNetwork {
  const { name, model, inputs } = network;
  if (model.training)
    throw new UsageError(`${name}: expected evaluation mode, got training mode; call eval()`);
  return noGrad(() =>
    scope(() => {
      const traces: TracedNetwork[] = [];
      try {
        for (const b of [2, 3]) traces.push(traced(network, b));
        const [two, three] = traces as [TracedNetwork, TracedNetwork];
        const graph = emit(two, three, {
          name,
          inputs: inputs.map((input) => input.name),
          metadata,
          formulas: formulasOf(model),
        });
        return { graph, references: [two.reference, three.reference] };
      } finally {
        for (const { trace } of traces) trace[Symbol.dispose]();
      }
    }, "graphOf"),
  );
}

interface TracedNetwork {
  trace: Trace<unknown>;
  labels: Label[];
  reference: Reference;
}

function traced({ model, inputs, run }: Network, b: number): TracedNetwork {
  const given = randomInputs(inputs, b, random(b).at("export"));
  const layers = stacksOf(model).flatMap((stack) => stack.layers.map(({ path }) => path));
  return tracked(model, (place) => {
    const body = () => recordAll(model, layers, () => run(...given));
    const recorded = trace(given, body, { names: model.stateDict(), place });
    const { result, found } = recorded.result;
    try {
      // an encoder of convolutions shows its features before they are scaled by the name of those after
      const probes = [...found].map(
        ([name, tensor]) => [name in result ? `probe.${name}` : name, tensor] as const,
      );
      const outputs = [...Object.entries(result), ...probes];
      return {
        trace: recorded,
        labels: outputs.map(([name, tensor]) => ({ name, tensor: recorded.of(tensor) })),
        reference: {
          feeds: Object.fromEntries(inputs.map(({ name }, i) => [name, toValue(given[i]!)])),
          values: new Map(outputs.map(([name, tensor]) => [name, toValue(tensor)])),
        },
      };
    } finally {
      for (const tensor of found.values()) tensor.dispose();
    }
  });
}

/** A tensor's elements as a graph has them. */
export function toValue(tensor: Tensor): Value {
  const { shape, dtype } = tensor;
  const data = tensor.data();
  if (dtype === "float32") return float(shape, data as Float32Array);
  if (dtype === "int64") return integers(shape, Array.from(data, Number));
  if (dtype === "bool") return { type: "bool", dims: shape, data: data as Uint8Array };
  throw new UsageError(`export: expected float32, int64 or bool, got ${tensor.describe()}`);
}
