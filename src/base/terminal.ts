/** @file What a terminal can show, and text that is safe and of known width on it. */

/** The part of an output stream that progress and tables need; `process.stderr` is one. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** What may be written: block characters, colours, lines of at most `columns`. */
export interface Terminal {
  unicode: boolean;
  colour: boolean;
  columns: number;
}

/**
 * What `stream` can show. Anything but a terminal gets plain ASCII without colours, 80 columns wide; on a terminal
 * Node decides about colours, from NO_COLOR, FORCE_COLOR and TERM.
 */
export function terminalOf(stream: TextStream): Terminal {
  const tty = stream.isTTY === true;
  return {
    unicode: tty,
    colour: tty && (stream.hasColors?.() ?? false),
    columns: (tty && stream.columns) || 80,
  };
}

/** The same text in ASCII: arrows and dots by their usual stand-ins, what else there is by "?". */
export function ascii(text: string): string {
  const stand: Record<string, string> = {
    "→": "->",
    "…": "...",
    "·": "*",
    "–": "-",
    "−": "-",
    "×": "x",
    ᶜ: "^c",
    Δ: "d",
  };
  return [...text].map((char) => (char <= "~" ? char : (stand[char] ?? "?"))).join("");
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;

/** Columns that `text` takes: East Asian characters two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += /\p{M}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

/** `text` cut so that it takes at most `columns`. */
export function truncate(text: string, columns: number, mark = "…"): string {
  if (displayWidth(text) <= columns) return text;
  let out = "";
  for (const char of text) {
    if (displayWidth(out + char + mark) > columns) break;
    out += char;
  }
  return columns >= displayWidth(mark) ? out + mark : out;
}
