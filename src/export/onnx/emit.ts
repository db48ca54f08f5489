/** @file A network's forward pass as an ONNX graph: traced at two batch sizes, then written operator by operator. */

import type { Graph } from "../../graph/index.ts";
import { isTensor, type Trace, type TracedCall, type TracedTensor, UsageError } from "../../tensor/index.ts";
import { Call, Emitter, type Label } from "./emitter.ts";
import { ruleOf } from "./rules.ts";

/** One of the two traces, and what is to come out of the graph, in order. */
export interface Traced {
  trace: Trace<unknown>;
  labels: readonly Label[];
}

export interface EmitOptions {
  name: string;
  inputs: readonly string[];
  metadata?: ReadonlyMap<string, string>;
  /** What modules compute, by their paths: written at their nodes. */
  formulas?: ReadonlyMap<string, string>;
}

/**
 * The graph of two traces of one network at different batch sizes. What depends neither on the input nor on the batch is
 * folded into constants.
 *
 * @throws {UsageError} the traces differ in more than the batch: control flow depends on the data; an operator that has no
 *   form in ONNX: its name and the module are told
 */
export function emit({ trace: a, labels }: Traced, { trace: b }: Traced, options: EmitOptions): Graph {
  const twins = pair(a, b);
  const emitter = new Emitter(twins);
  for (const [i, tensor] of a.inputs.entries()) emitter.input(tensor, options.inputs[i] ?? `input.${i}`);
  a.calls.forEach((call, i) => {
    const fed = tensorsOf(call).some(({ live }) => live);
    const grows = call.outputs.some((tensor) => tensor.shape.join() !== twins.get(tensor)!.shape.join());
    if (!fed && !grows) return;
    for (const tensor of call.outputs) tensor.live = true;
    emitter.place = call.place;
    const view = new Call(call, b.calls[i]!, emitter);
    const made = ruleOf(call.operator, emitter)(view, emitter);
    const all = Array.isArray(made) ? made : [made];
    for (const [j, tensor] of call.outputs.entries()) emitter.set(tensor, all[j]!);
  });
  emitter.place = "";
  const { name, metadata = new Map(), formulas = new Map() } = options;
  return emitter.graph(name, labels, metadata, formulas);
}

const tensorsOf = (call: TracedCall): TracedTensor[] => [...call.arguments.values()].flat().filter(isTensor);

/** Tensors of the one trace with those of the other: the calls must be the same. */
function pair(a: Trace<unknown>, b: Trace<unknown>): Map<TracedTensor, TracedTensor> {
  const twins = new Map<TracedTensor, TracedTensor>();
  const match = (left: readonly TracedTensor[], right: readonly TracedTensor[]): void => {
    for (const [i, tensor] of left.entries()) twins.set(tensor, right[i]!);
  };
  match(a.inputs, b.inputs);
  const length = Math.max(a.calls.length, b.calls.length);
  for (let i = 0; i < length; i++) {
    const [call, other] = [a.calls[i], b.calls[i]];
    if (call?.operator !== other?.operator || call?.outputs.length !== other?.outputs.length) {
      const place = (call ?? other)!.place;
      throw new UsageError(
        `export: what is computed depends on the data: ${call?.operator ?? "nothing"} for some, ${other?.operator ?? "nothing"} for others${place === "" ? "" : `, in ${place}`}`,
        { path: place },
      );
    }
    match(tensorsOf(call!), tensorsOf(other!));
    match(call!.outputs, other!.outputs);
  }
  return twins;
}
