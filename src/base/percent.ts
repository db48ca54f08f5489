/** @file Shares as they are written: functions return shares of one; JSON, metrics, tables and texts have per cent. */

/** "97.85 %" for 0.9785. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Shares of one by name, as per cent. */
export const inPercent = <K extends string>(shares: Readonly<Record<K, number>>): Record<K, number> =>
  Object.fromEntries(Object.entries<number>(shares).map(([name, share]) => [name, 100 * share])) as Record<
    K,
    number
  >;
