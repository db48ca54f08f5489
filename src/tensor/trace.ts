/** @file The operators that a computation calls, recorded as they are called: a network without a second definition. */

import { UsageError } from "../base/errors.ts";
import { type DType, type TypedArray, viewAs } from "./dtype.ts";
import { type Handle, type Native, native, withNative } from "./native.ts";
import { parseSchema, type Schema } from "./schema.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor of a trace. */
export interface TracedTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Whether it depends on an input. */
  live: boolean;
  /** The call that made it; nothing for inputs, and for tensors that were there before. */
  readonly call: TracedCall | undefined;
  /** A name that was given, such as a parameter's. */
  readonly name: string | undefined;
  /** Its elements; of what is not live, while the trace is not disposed. */
  data(): TypedArray;
}

/** A tensor, a list of them, or what a schema has beside tensors: numbers, lists, words, null. */
export type TracedArgument = TracedTensor | (TracedTensor | null)[] | unknown;

export interface TracedCall {
  /** `add.Tensor`, `vitrine::self_attention` */
  readonly operator: string;
  /** Every argument of the schema by its name; those left out as their defaults. */
  readonly arguments: ReadonlyMap<string, TracedArgument>;
  readonly outputs: readonly TracedTensor[];
  /** Where it was called: the path of a module. */
  readonly place: string;
}

export interface TraceOptions {
  /** Names of tensors, such as a model's parameters. */
  names?: ReadonlyMap<string, Tensor>;
  /** Where the computation is: asked at each call. */
  place?: () => string;
}

/** What was recorded. It holds the tensors that are not live until it is disposed. */
export interface Trace<T> extends Disposable {
  result: T;
  calls: readonly TracedCall[];
  inputs: readonly TracedTensor[];
  /** The tensor of the trace that a tensor of the result is. */
  of(tensor: Tensor): TracedTensor;
}

/**
 * Runs `body` and records every operator, with what it is given and what it gives.
 *
 * @param inputs what the computation depends on; all else is constant
 * @throws {UsageError} an operator that changes a tensor in place; elements read of a tensor that depends on the inputs, so
 *   that what follows may depend on them: the operator and the place are named
 */
export function trace<T>(
  inputs: readonly Tensor[],
  body: () => T,
  { names = new Map(), place = () => "" }: TraceOptions = {},
): Trace<T> {
  const recorder = new Recorder(native(), names, place);
  try {
    const ins = inputs.map(({ h }) => recorder.add(h, true));
    const result = withNative((addon) => recorder.wrap(addon), body);
    return {
      result,
      calls: recorder.calls,
      inputs: ins,
      of: (tensor) => recorder.of(tensor.h),
      [Symbol.dispose]: () => recorder.release(),
    };
  } catch (error) {
    recorder.release();
    throw error;
  }
}

class Recorder {
  readonly calls: TracedCall[] = [];
  private readonly tensors = new Map<Handle, TracedTensor>();
  private readonly schemas = new Map<number, Schema>();
  private readonly held: Handle[] = [];
  private readonly names: ReadonlyMap<Handle, string>;

  constructor(
    private readonly addon: Native,
    names: ReadonlyMap<string, Tensor>,
    private readonly place: () => string,
  ) {
    this.names = new Map([...names].map(([name, { h }]) => [h, name]));
  }

  /** The addon, with the calls that make or read tensors recorded. */
  wrap(addon: Native): Native {
    const own = (handle: Handle, what: string): Handle => {
      if (this.tensors.get(handle)?.live)
        throw this.refusal(what, "reads elements of a tensor that depends on the input");
      return handle;
    };
    const overrides: Partial<Native> = {
      call: (operator, ...args) => this.record(operator, args, {}, () => addon.call(operator, ...args)),
      callChecked: (operator, args, keywords) =>
        this.record(operator, args, keywords ?? {}, () => addon.callChecked(operator, args, keywords)),
      share: (handle) => {
        const shared = addon.share(handle);
        this.tensors.set(shared, this.of(handle));
        return shared;
      },
      item: (handle) => addon.item(own(handle, "item")),
      toBuffer: (handle) => addon.toBuffer(own(handle, "data")),
      viewBuffer: (handle) => addon.viewBuffer(own(handle, "view")),
    };
    const wrapped = Object.create(addon) as Native;
    for (const [name, value] of Object.entries(overrides)) Object.defineProperty(wrapped, name, { value });
    return wrapped;
  }

  /** A tensor by its handle; one that nothing made was there before, and is constant. */
  of(handle: Handle): TracedTensor {
    return this.tensors.get(handle) ?? this.add(handle, false);
  }

  add(handle: Handle, live: boolean, call?: TracedCall): TracedTensor {
    const { addon } = this;
    const kept = live ? undefined : addon.share(handle); // its scope may free it before it is read
    if (kept !== undefined) this.held.push(kept);
    const dtype = addon.dtype(handle) as DType;
    const made: TracedTensor = {
      shape: addon.shape(handle),
      dtype,
      live,
      call,
      name: this.names.get(handle),
      data: () => viewAs(dtype, addon.toBuffer(kept!)),
    };
    this.tensors.set(handle, made);
    return made;
  }

  release(): void {
    this.addon.release(this.held.splice(0));
  }

  private record(id: number, given: readonly unknown[], keywords: object, run: () => unknown): unknown {
    const schema = this.schemaOf(id);
    if (schema.inPlace) throw this.refusal(schema.operator, "changes a tensor in place");
    const words = new Map(Object.entries(keywords));
    const args = new Map<string, TracedArgument>();
    schema.arguments.forEach(({ name, tensor, default: usual }, i) => {
      const value = given[i] === undefined ? (words.has(name) ? words.get(name) : usual) : given[i];
      args.set(name, tensor ? this.tensorsOf(value) : plainOf(value));
    });
    const made = run();
    const live = [...args.values()].flat().some((value) => isTensor(value) && value.live);
    const outputs: TracedTensor[] = [];
    const call: TracedCall = { operator: schema.operator, arguments: args, outputs, place: this.place() };
    for (const handle of handlesIn(made)) outputs.push(this.add(handle, live, call));
    this.calls.push(call);
    return made;
  }

  private schemaOf(id: number): Schema {
    const known = this.schemas.get(id) ?? parseSchema(this.addon.schema(id));
    this.schemas.set(id, known);
    return known;
  }

  /** Handles are numbers, or bigints where everything is checked. */
  private tensorsOf(value: unknown): TracedArgument {
    if (typeof value === "number" || typeof value === "bigint") return this.of(Number(value));
    if (Array.isArray(value) || value instanceof Int32Array)
      return Array.from(value as ArrayLike<unknown>, (item) =>
        item === null ? null : this.of(Number(item)),
      );
    return value;
  }

  private refusal(operator: string, what: string): UsageError {
    const place = this.place();
    return new UsageError(`trace: ${operator} ${what}${place === "" ? "" : `, in ${place}`}`, {
      path: place,
    });
  }
}

export const isTensor = (value: unknown): value is TracedTensor =>
  typeof value === "object" && value !== null && "live" in value;

const plainOf = (value: unknown): unknown => (value instanceof Int32Array ? Array.from(value) : value);

const handlesIn = (made: unknown): Handle[] =>
  (Array.isArray(made) ? made : [made])
    .filter((one) => one !== undefined && typeof one !== "boolean")
    .map(Number);
