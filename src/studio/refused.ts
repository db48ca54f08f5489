/** @file What a request is refused with: a status and a sentence that the page shows. */

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { VitrineError } from "../base/errors.ts";
import type { Refusal } from "./shapes.ts";

export class Refused extends Error {
  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
  ) {
    super(message);
  }
}

/** Any error as an answer: a run that cannot be read is no fault of the studio, and says what to do. */
export function refusal(error: unknown, c: Context): Response {
  const { message } = error as Error;
  const status = error instanceof Refused ? error.status : error instanceof VitrineError ? 422 : 500;
  return c.json({ error: message } satisfies Refusal, status);
}
