/** @file Counts how often elements of tensors come to the host: on a GPU each time waits for all that is under way. */

import { type Native, withNative } from "../src/tensor/native.ts";
import { profile } from "../src/tensor/profile.ts";

/** Runs `body` and counts how often JavaScript reads elements of tensors. */
export function reads(body: () => void): number {
  let count = 0;
  const counted =
    <Args extends [number]>(read: (...args: Args) => unknown) =>
    (...args: Args) => {
      count++;
      return read(...args);
    };
  const wrap = (addon: Native): Native =>
    Object.create(addon, {
      item: { value: counted(addon.item) },
      toBuffer: { value: counted(addon.toBuffer) },
      viewBuffer: { value: counted(addon.viewBuffer) },
    });
  withNative(wrap, body);
  return count;
}

/** Operators that need numbers of their tensors before they can go on. */
const WAITING =
  /^aten::(item|_local_scalar_dense|is_nonzero|nonzero|nonzero_numpy|equal|allclose|masked_select|_?unique\w*|bincount)\b/;

/** Runs `body` and counts the operators in it, libtorch's own calls too, that read elements of tensors, by name. */
export const waiting = (body: () => void): Record<string, number> =>
  Object.fromEntries(
    profile(body)
      .filter(({ operator }) => WAITING.test(operator))
      .map(({ operator, calls }) => [operator, calls]),
  );
