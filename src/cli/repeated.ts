/** @file A flag that may be given several times. */

/** Its values, in the order in which they come. */
export const repeated = (value: string, before: readonly string[] = []): string[] => [...before, value];
