/** @file Operators of libtorch by name, looked up once. */

import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import { native } from "./native.ts";

/** An ATen operator: its name with overload, and its index in the addon once it has been asked for. */
export class Operator {
  private index = -1;

  constructor(readonly name: string) {}

  /** Index in the addon. @throws {UsageError} when this libtorch has no such operator. */
  get id(): number {
    if (this.index < 0) this.index = this.find();
    return this.index;
  }

  /** Whether the libtorch present has it: some operators came after 1.13. */
  get exists(): boolean {
    if (this.index < 0) this.index = native().find(this.name);
    return this.index >= 0;
  }

  /** The operator's schema, as libtorch prints it. */
  get schema(): string {
    return native().schema(this.id);
  }

  private find(): number {
    const index = native().find(this.name);
    if (index >= 0) return index;
    const names = native().operatorNames();
    const overloads = names.filter((name) => name.startsWith(`${this.name}.`));
    const remedy =
      overloads.length > 0 ? `; name one of its overloads: ${overloads.join(", ")}` : hint(this.name, names);
    throw new UsageError(`libtorch ${native().versions().torch} has no operator "${this.name}"${remedy}`);
  }
}

const known = new Map<string, Operator>();

/** The operator of that name; "aten::" may be left out. */
export function operator(name: string): Operator {
  const full = name.includes("::") ? name : `aten::${name}`;
  const found = known.get(full) ?? new Operator(full);
  known.set(full, found);
  return found;
}

/** Every operator named so far: the hand-typed ones, once `tensor.ts` is loaded. */
export const namedOperators = (): readonly Operator[] => [...known.values()];
