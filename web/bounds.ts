/** @file How far the keys go on the page that is shown: it says so itself. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Bounds {
  readonly layers: number;
  readonly heads: number;
  /** Steps at which the layers were measured during training. */
  readonly times: readonly number[];
}

const NONE: Bounds = { layers: 0, heads: 0, times: [] };
export const bounds = signal<Bounds>(NONE);

/** While a page is shown, the keys go as far as it says. */
export function useBounds(given: Partial<Bounds>): void {
  const key = JSON.stringify(given);
  useEffect(() => {
    bounds.value = { ...NONE, ...given };
    return () => {
      bounds.value = NONE;
    };
  }, [key]);
}
