/** @file What a campaign is: one kind of fault, met again and again with fresh random inputs until the time is up. */

/** What bounds one campaign. */
export interface CampaignOptions {
  /** When to stop, as `performance.now()` tells it. */
  until: number;
  /** Equal seeds try equal faults in equal order. */
  seed: number;
  /** A folder for inputs that fail; it is made by who writes the first. */
  keep: string;
  /** Faults of this seed that were tried before and are left out; only where the list of faults is finite. */
  from?: number;
}

/** What came of it. */
export interface CampaignResult {
  /** Faults tried, by what they were tried on: `{ "parquet": 50000 }`. */
  tried: Readonly<Record<string, number>>;
  /** One line for each failure: what was tried, what was expected, what happened, the kept file. */
  failures: readonly string[];
}

/** A kind of fault; the default export of `campaign/NAME.ts`. */
export type Campaign = (options: CampaignOptions) => Promise<CampaignResult>;

/** Failures of one kind that are told. */
const MOST_ALIKE = 3;

/** Counts failures by kind, so that one fault that is met a thousand times is not told a thousand times. */
export class Kinds {
  private readonly counts = new Map<string, number>();

  /** @param kind words of the failure; numbers and quoted names in them do not count @returns whether it is to be told */
  isNew(kind: string): boolean {
    const key = kind.replace(/\d+|"[^"]*"/g, "…").slice(0, 120);
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count <= MOST_ALIKE;
  }

  /** A line for each kind of which not all were told. */
  get rest(): string[] {
    return [...this.counts].flatMap(([kind, count]) =>
      count > MOST_ALIKE ? [`${count} in all like ${kind}`] : [],
    );
  }
}
