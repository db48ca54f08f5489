/** @file Progress of long work: a bar on a terminal, plain lines elsewhere, JSON lines for programs, or nothing. */

import { UsageError } from "../base/errors.ts";
import { toJsonLine } from "../base/json-line.ts";
import { plain, plainJson, plainLines } from "../base/plain-text.ts";
import { displayWidth, type TextStream, terminalOf, truncate } from "../base/terminal.ts";

/** `auto` is a bar on a terminal and plain lines elsewhere; `none` is what --quiet asks for. */
export type ProgressMode = "auto" | "bar" | "plain" | "json" | "none";

/** What is known at a step. Accuracy is per cent. Names that end in PerSecond are speeds, others are shown as they are. */
export interface ProgressFacts {
  loss?: number;
  accuracy?: number;
  lr?: number;
  imagesPerSecond?: number;
  [name: string]: number | undefined;
}

/** What is to be reported, and where to. */
export interface ProgressOptions {
  mode?: ProgressMode;
  /** Steps in all, ≥ 0. */
  total: number;
  label: string;
  stream?: TextStream;
  /** Steps between two lines of `plain` and `json`; a twentieth of `total` by default. */
  every?: number;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
}

/** Reports on one piece of work. */
export interface Progress {
  /** `step` of `total` are done. */
  update(step: number, facts?: ProgressFacts): void;
  /** A line of its own, above the bar where there is one. */
  message(text: string): void;
  /** Ends the report; what comes later on the stream begins on a new line. May be called twice. */
  done(): void;
}

/** Milliseconds between two drawings of the bar. */
const REDRAW = 100;
const CLEAR = "\r\u001b[K";

/** Starts a report. Throws `UsageError` for a total that is not a number of steps. */
export function createProgress(options: ProgressOptions): Progress {
  const { total, label, stream = process.stderr, clock = () => performance.now() } = options;
  if (!(total >= 0)) throw new UsageError(`progress needs a total of at least 0 steps, not ${total}`);
  const every = Math.max(1, options.every ?? Math.ceil(total / 20));
  const pace = createPace(total, clock);
  const mode = options.mode ?? "auto";
  if (mode === "none") return { update() {}, message() {}, done() {} };
  if (mode === "bar" || (mode === "auto" && stream.isTTY === true && process.env.TERM !== "dumb")) {
    return barProgress(label, total, stream, clock, pace);
  }
  const name = plain(label);
  // a step that was skipped over still counts: the first update at or after each multiple is written
  let next = 0;
  return {
    update(step, facts = {}) {
      const { seconds, eta } = pace(step);
      if (step < next && step < total) return;
      next = (Math.floor(step / every) + 1) * every;
      if (mode === "json") {
        const known = Object.entries(facts).filter(
          (entry): entry is [string, number] => entry[1] !== undefined,
        );
        const round = (value: number) => Math.round(value * 1000) / 1000;
        const remaining = eta === undefined ? {} : { eta: round(eta) };
        const record = {
          label,
          step,
          total,
          seconds: round(seconds),
          ...remaining,
          ...Object.fromEntries(known),
        };
        stream.write(`${plainJson(toJsonLine(record))}\n`);
      } else {
        const share = total > 0 ? ` (${Math.floor((100 * step) / total)}%)` : "";
        const rest = [...describeFacts(facts), ...(eta === undefined ? [] : [`eta ${duration(eta)}`])];
        stream.write(`${[`${name} ${step}/${total}${share}`, ...rest].join("  ")}\n`);
      }
    },
    message(text) {
      stream.write(
        mode === "json" ? `${plainJson(toJsonLine({ label, message: text }))}\n` : `${plainLines(text)}\n`,
      );
    },
    done() {},
  };
}

function barProgress(
  label: string,
  total: number,
  stream: TextStream,
  clock: () => number,
  pace: (step: number) => { eta: number | undefined },
): Progress {
  let [step, facts, eta]: [number, ProgressFacts, number | undefined] = [0, {}, undefined];
  let drawn = Number.NEGATIVE_INFINITY;
  let ended = false;
  const draw = () => {
    drawn = clock();
    stream.write(CLEAR + barLine(plain(label), step, total, facts, eta, terminalOf(stream).columns));
  };
  stream.on?.("resize", draw);
  return {
    update(now, latest = {}) {
      if (ended) return;
      [step, facts, eta] = [now, latest, pace(now).eta];
      if (step >= total || clock() - drawn >= REDRAW) draw();
    },
    message(text) {
      stream.write(`${ended ? "" : CLEAR}${plainLines(text)}\n`);
      if (!ended) draw();
    },
    done() {
      if (ended) return;
      draw();
      ended = true;
      stream.off?.("resize", draw);
      stream.write("\n");
    },
  };
}

/** One line of less than `columns`: the last column stays free, or some terminals would begin a new line. */
function barLine(
  label: string,
  step: number,
  total: number,
  facts: ProgressFacts,
  eta: number | undefined,
  columns: number,
): string {
  const room = Math.max(1, columns - 1);
  const share = total > 0 ? Math.min(1, Math.max(0, step / total)) : 1;
  const head = `${label} ${String(Math.floor(share * 100)).padStart(3)}% `;
  const count = ` ${String(step).padStart(String(total).length)}/${total}`;
  const rest = [...(eta === undefined ? [] : [`ETA ${duration(eta)}`]), ...describeFacts(facts)];
  const width = (parts: readonly string[]) =>
    displayWidth(head + count) + parts.reduce((sum, part) => sum + 2 + displayWidth(part), 0);
  // what matters least goes first: the bar keeps at least ten columns
  while (rest.length > 0 && width(rest) + 10 > room) rest.pop();
  const length = Math.min(30, room - width(rest));
  const bar = length < 4 ? "" : drawBar(share, length);
  return truncate(head + bar + count + rest.map((part) => `  ${part}`).join(""), room);
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Filled part in eighths of a column, the rest as a light track. */
function drawBar(share: number, length: number): string {
  const eighths = Math.floor(share * length * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return filled + "░".repeat(length - displayWidth(filled));
}

/** How the name of a speed ends: imagesPerSecond. */
const PER_SECOND = "PerSecond";

/** Facts as words, in the order of their importance. */
function describeFacts({ loss, accuracy, lr, ...others }: ProgressFacts): string[] {
  const parts: string[] = [];
  if (loss !== undefined) parts.push(`loss ${significant(loss, 4)}`);
  if (accuracy !== undefined) parts.push(`accuracy ${accuracy.toFixed(1)}%`);
  const speeds = Object.entries(others).filter(([name]) => name.endsWith(PER_SECOND));
  for (const [name, value] of speeds)
    if (value !== undefined)
      parts.push(`${significant(value, 3)} ${plain(name.slice(0, -PER_SECOND.length))}/s`);
  if (lr !== undefined) parts.push(`lr ${significant(lr, 3)}`);
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined && !name.endsWith(PER_SECOND))
      parts.push(`${plain(name)} ${significant(value, 4)}`);
  }
  return parts;
}

/** A number with equal digits from one step to the next, so that the line does not jump. */
function significant(value: number, digits: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  if (size >= 10 ** digits) return String(Math.round(value));
  return size < 1e-3 ? value.toExponential(Math.min(2, digits - 1)) : value.toPrecision(digits);
}

/** Seconds as 0:07, 12:30, 3:05:00 or 2d 04:00. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  if (days > 0) return `${days}d ${two(hours)}:${two(minutes)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/**
 * Time since the start, and time to go. The pace is measured from the first update on: before it lie warm-up and, for
 * a resumed run, the steps of another day.
 */
function createPace(total: number, clock: () => number) {
  const start = clock();
  let first: { step: number; time: number } | undefined;
  return (step: number): { seconds: number; eta: number | undefined } => {
    const time = clock();
    first ??= { step, time };
    const done = step - first.step;
    const eta = done > 0 ? (((time - first.time) / done) * Math.max(0, total - step)) / 1000 : undefined;
    return { seconds: (time - start) / 1000, eta };
  };
}
