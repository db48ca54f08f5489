/**
 * @file Lifetimes. Garbage collection does not see libtorch's memory, so tensors are freed by scopes:
 * whatever a scope's body makes dies with it, but for what its result reaches.
 */

import { UsageError } from "../base/errors.ts";
import { isLoaded, native } from "./native.ts";
import type { Tensor } from "./tensor.ts";

/** What a scope may free: the tensor's handle, 0 once freed, and then who freed it. */
export interface Freeable {
  handle: number;
  freedBy: string;
}

class Scope {
  readonly tensors: Freeable[] = [];

  constructor(
    readonly name: string,
    readonly outer: Scope | undefined,
  ) {}
}

let current: Scope | undefined;

/** Frees tensors that no scope owns, when JavaScript has forgotten them. */
const forgotten = new FinalizationRegistry<{ handle: number; bytes: number }>(({ handle, bytes }) => {
  native().release(handle);
  native().adjustMemory(-bytes);
});

/** Gives a new tensor to the scope that is open, or to the finaliser. */
export function own(tensor: Freeable): void {
  if (current !== undefined) current.tensors.push(tensor);
  else watch(tensor);
}

/** Leaves a tensor to the finaliser. */
function watch(tensor: Freeable): void {
  const bytes = native().bytes(tensor.handle);
  native().adjustMemory(bytes); // lets the garbage collector know what the small object holds
  forgotten.register(tensor, { handle: tensor.handle, bytes }, tensor);
}

/** Takes a tensor away from the finaliser; whether it was there. */
function unwatch(tensor: Freeable): boolean {
  if (!forgotten.unregister(tensor)) return false;
  native().adjustMemory(-native().bytes(tensor.handle));
  return true;
}

/** Puts another handle in a tensor's place: whoever was to free the one now frees the other. */
export function replace(tensor: Freeable, handle: number): void {
  const watched = unwatch(tensor);
  native().release(tensor.handle);
  tensor.handle = handle;
  if (watched) watch(tensor);
}

/** Frees one tensor now. */
export function free(tensor: Freeable, by: string): void {
  if (tensor.handle === 0) return;
  unwatch(tensor);
  native().release(tensor.handle);
  tensor.handle = 0;
  tensor.freedBy = by;
}

/**
 * Runs `body` and frees every tensor made inside, but for those that its result reaches (through arrays, plain
 * objects, maps and modules), which move to the scope around it.
 *
 * @param name said by the error when a freed tensor is used
 * @throws {UsageError} when the body returns a promise: what it would free may still be in use
 * @example const total = scope(() => x.mul(x).sum()); // the square is freed, the sum is not
 */
export function scope<T>(body: () => T, name = body.name || "scope"): T {
  const outer = current;
  const inner = new Scope(name, outer);
  current = inner;
  let kept: Set<object> | undefined;
  try {
    const result = body();
    if (result instanceof Promise) {
      result.catch(() => {}); // it goes on with tensors that were freed; what it says then is our doing
      throw new UsageError(`scope "${name}": expected a value, got a promise; await outside the scope`);
    }
    kept = reachable(result);
    return result;
  } finally {
    current = outer;
    release(inner, kept);
  }
}

function release(scope: Scope, kept: Set<object> | undefined): void {
  const handles: number[] = [];
  for (const tensor of scope.tensors) {
    if (tensor.handle === 0) continue;
    if (kept?.has(tensor)) {
      own(tensor);
      continue;
    }
    handles.push(tensor.handle);
    tensor.handle = 0;
    tensor.freedBy = scope.name;
  }
  if (handles.length > 0) native().release(handles);
}

/** The tensors a value reaches, and the objects on the way. Buffers and functions hold none. */
function reachable(value: unknown, seen = new Set<object>()): Set<object> {
  if (value === null || typeof value !== "object" || seen.has(value) || ArrayBuffer.isView(value))
    return seen;
  seen.add(value);
  if ("freedBy" in value) return seen; // a tensor: nothing beneath
  if (value instanceof Map) for (const item of value.values()) reachable(item, seen);
  else if (value instanceof Set) for (const item of value) reachable(item, seen);
  else if (Array.isArray(value)) for (const item of value) reachable(item, seen);
  else for (const item of Object.values(value)) reachable(item, seen);
  return seen;
}

/** Takes a tensor out of the scope that owns it, so that it outlives every scope: for caches and modules. */
export function keep<T extends Tensor>(tensor: T): T {
  for (let scope = current; scope !== undefined; scope = scope.outer) {
    const index = scope.tensors.lastIndexOf(tensor);
    if (index < 0) continue;
    scope.tensors.splice(index, 1);
    watch(tensor);
    break;
  }
  return tensor;
}

/** Live tensors, and the bytes of their distinct storages. */
export const memory = (): { tensors: number; bytes: number } => native().memory();

/** Live tensors, without loading the addon to learn that there are none. */
export const liveTensors = (): number => (isLoaded() ? memory().tensors : 0);
