/** @file What a page waits for: not there yet, there, or why not. */

import { useEffect, useState } from "preact/hooks";

export interface Fetched<T> {
  readonly value?: T;
  readonly error?: string;
}

/**
 * Loads when the page is shown and whenever `key` changes; what comes late of an earlier key is dropped.
 * @param keeps what was there stays until the new is
 */
export function useFetched<T>(load: () => Promise<T>, key: string, keeps = false): Fetched<T> {
  const [state, set] = useState<Fetched<T> & { key?: string }>({});
  useEffect(() => {
    let isWanted = true;
    load().then(
      (value) => isWanted && set({ value, key }),
      (error) => isWanted && set({ error: (error as Error).message, key }),
    );
    return () => {
      isWanted = false;
    };
  }, [key]);
  return keeps || state.key === key ? state : {};
}
