/**
 * @file Steps from tensors of fixed places: a CUDA graph launches the kernels of a step at once, and at the addresses that
 * they had when it was captured. Without a GPU the same steps are made, without a graph.
 */

import { talk } from "../base/talk.ts";
import { besideStream, CudaGraph, keep, scope, type Tensor, UsageError } from "../tensor/index.ts";
import type { Descent } from "./descent.ts";
import type { Learner, Logged } from "./learner.ts";

/** Tensors by name. */
export type Inputs = Readonly<Record<string, Tensor>>;

/** A step in two parts: what comes from the host, and what is done with it on the device, where no number is read. */
export interface FixedStep<Batch> {
  /** The one that moves. */
  readonly descent: Descent;
  /** All that differs from step to step. */
  inputs(batch: Batch, at: number): Inputs;
  /** The step from these inputs, which logs tensors and the learning rate. */
  run(inputs: Inputs, batch: Batch, at: number): Logged;
}

/** Steps before a capture, in which libraries make what they need once. */
const WARM_UPS = 3;

/** Steps of one shape. */
interface Shape {
  buffers: Inputs;
  steps: number;
  captured?: { graph: CudaGraph; logged: Readonly<Record<string, Tensor>> };
}

/** Makes the steps of a learner from buffers, a set for each shape of its inputs, and on a GPU a graph. */
export class FixedSteps<Batch> {
  private readonly step: FixedStep<Batch>;
  private readonly shapes = new Map<string, Shape>();

  /** @throws {UsageError} the learner's steps need numbers of the host */
  constructor(learner: Pick<Learner<Batch>, "fixed">) {
    if (learner.fixed === undefined) throw refusal("a method with such steps");
    this.step = learner.fixed();
  }

  /** Step `at`, inside a scope. */
  take(batch: Batch, at: number): Logged {
    const { step } = this;
    const shape = this.put(step.inputs(batch, at));
    const { device } = Object.values(shape.buffers)[0]!;
    const run = () => step.run(shape.buffers, batch, at);
    const make = (): Logged => {
      if (!device.startsWith("cuda")) return run();
      if (!step.descent.isFixed)
        throw refusal("an optimiser whose rate is read from the device, such as adamw");
      if (shape.steps++ < WARM_UPS) return besideStream(device, run);
      shape.captured ??= capture(device, run);
      shape.captured.graph.replay();
      return copies(shape.captured.logged);
    };
    const [logged, lr] = step.descent.begin(at, make);
    return { ...logged, lr };
  }

  /** Copies inputs into the buffers of their shape. */
  private put(inputs: Inputs): Shape {
    const key = Object.values(inputs).map(String).join();
    const known = this.shapes.get(key);
    const shape = known ?? { buffers: scope(() => mapped(inputs, (each) => keep(each.clone()))), steps: 0 };
    if (this.shapes.size === 0 && Object.values(inputs)[0]!.device === "cpu")
      talk("train.graph: CUDA graphs are of GPUs; here the same steps are made one by one");
    if (known === undefined) this.shapes.set(key, shape);
    else for (const [name, buffer] of Object.entries(shape.buffers)) buffer.copy_(inputs[name]!);
    return shape;
  }

  dispose(): void {
    for (const { buffers, captured } of this.shapes.values()) {
      for (const each of Object.values({ ...buffers, ...captured?.logged })) each.dispose();
      captured?.graph.dispose();
    }
    this.shapes.clear();
  }
}

/** Captures a step, without making it. @throws {UsageError} a number other than the rate is logged: it would stay as it was */
function capture(device: string, run: () => Logged): NonNullable<Shape["captured"]> {
  let logged: Readonly<Record<string, Tensor>> = {};
  const graph = new CudaGraph(device, () => {
    logged = scope(() => {
      const { lr: _, ...rest } = run();
      const number = Object.keys(rest).find((name) => typeof rest[name] === "number");
      if (number !== undefined) throw refusal(`a step that leaves ${number} on the device`);
      return mapped(rest as Record<string, Tensor>, keep);
    }, "capture");
  });
  return { graph, logged };
}

const copies = (tensors: Readonly<Record<string, Tensor>>) => mapped(tensors, (each) => each.clone());

const mapped = (tensors: Readonly<Record<string, Tensor>>, change: (each: Tensor) => Tensor) =>
  Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, change(each)]));

/** @throws {UsageError} one of these settings is there, which needs numbers of the host in a step */
export function requireFixed(settings: Readonly<Record<string, unknown>>): void {
  const found = Object.entries(settings).find(([, value]) => value !== undefined && value !== false);
  if (found !== undefined) throw refusal(`no ${found[0]}`);
}

const refusal = (expected: string): UsageError =>
  new UsageError(`train.graph: expected ${expected}; set train.graph to false`, { path: "train.graph" });
