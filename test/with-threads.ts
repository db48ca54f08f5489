/** @file A body with so many threads. */

import { native } from "../src/tensor/native.ts";

export function withThreads<T>(count: number, body: () => T): T {
  const before = native().threads();
  native().setThreads(count);
  try {
    return body();
  } finally {
    native().setThreads(before);
  }
}
