/** @file The value of a flag that is a length of time. */
import { UsageError } from "../base/errors.ts";

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A reader for commander: the seconds that a text such as `90s`, `45m`, `1.5h` or `2d` stands for. */
export function duration(flag: string): (text: string) => number {
  return (text) => {
    const [, count, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
    const seconds = Number(count) * (SECONDS[unit ?? ""] ?? 0);
    if (seconds > 0 && Number.isFinite(seconds)) return seconds;
    const expected = "a number with s, m, h or d, such as 90s or 1.5h";
    throw new UsageError(`${flag}: expected ${expected}, received "${text}"`, {
      path: flag,
      expected,
      received: text,
    });
  };
}
