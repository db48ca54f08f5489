/** @file What jobs are asked with, checked: the parts that several have. */

import { z } from "zod";
import { UsageError } from "../../tensor/index.ts";
import type { ImageAsked, PixelBytes } from "../shapes.ts";

export const checkpoint = z.string().max(100);
export const split = z.enum(["train", "test"]);
export const index = z.int().min(0).max(1e9);

export const pixelBytes = z.object({
  width: z.int().min(1).max(4096),
  height: z.int().min(1).max(4096),
  channels: z.literal([1, 3]),
  data: z.base64(),
}) satisfies z.ZodType<PixelBytes>;

/** An image of a split, or one that was given. */
export const image = {
  checkpoint,
  split: split.default("test"),
  index: index.default(0),
  image: pixelBytes.optional(),
};

/** Checks that it is the same as the page's type, where a schema is made of `image`. */
export type Image = z.infer<z.ZodObject<typeof image>> & ImageAsked;

/** What is asked, checked. @throws {UsageError} with the first thing that is wrong */
export function checked<T>(schema: z.ZodType<T>, asked: unknown): T {
  const { success, data, error } = schema.safeParse(asked);
  if (success) return data;
  const [issue] = error.issues;
  throw new UsageError(`the question: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`);
}
