/** @file Elements of SVG as a tree, which files have as text and a page as its own elements; superscripts, the width of words. */

/** A coordinate with at most two decimals, so that equal charts are equal texts. */
export function num(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return Object.is(rounded, -0) ? "0" : String(rounded);
}

/** Text as it can stand in XML; characters that XML forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
  );
}

/** One element; attributes that are `undefined` are left out. */
export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly Svg[];
}
/** An element, a text, or several of them. */
export type Svg = SvgElement | string | readonly Svg[];

/** One element. */
export const el = (name: string, attributes: SvgElement["attributes"], ...children: Svg[]): SvgElement => ({
  name,
  attributes,
  children,
});

/** A tree as text: numbers are rounded, attributes and texts escaped. */
export function svgText(svg: Svg): string {
  if (typeof svg === "string") return escapeXml(svg);
  if (!("name" in svg)) return svg.map(svgText).join("");
  const { name, attributes, children } = svg;
  let open = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) open += ` ${key}="${typeof value === "number" ? num(value) : escapeXml(value)}"`;
  }
  return children.length === 0 ? `${open}/>` : `${open}>${svgText(children)}</${name}>`;
}

const SUPERSCRIPT = /\^(?:\{([^}]*)\}|(\S))/gu;

/** Text in which `^c` and `^{abc}` are superscripts, as in `R^c`. */
export function rich(text: string): Svg[] {
  const out: Svg[] = [];
  let at = 0;
  let raised = false;
  // a step up lasts until the next text, which has to take it back
  const normal = (part: string) => {
    if (part === "") return;
    out.push(raised ? el("tspan", { dy: "0.32em" }, part) : part);
    raised = false;
  };
  for (const match of text.matchAll(SUPERSCRIPT)) {
    normal(text.slice(at, match.index));
    const dy = raised ? "0" : "-0.45em";
    out.push(el("tspan", { dy, "font-size": "72%" }, match[1] ?? match[2]!));
    raised = true;
    at = match.index + match[0].length;
  }
  normal(text.slice(at));
  return out;
}

/** The text without the marks of `rich`, for titles that screen readers speak. */
export function plain(text: string): string {
  return text.replace(
    SUPERSCRIPT,
    (_, group: string | undefined, char: string | undefined) => `^${group ?? char}`,
  );
}

/** Width of `text` at `size` px, from the widths of a wide sans-serif face: real faces take a little less. */
export function textWidth(text: string, size: number): number {
  let em = 0;
  for (const char of text.replace(SUPERSCRIPT, "$1$2")) {
    if (/[ilj.,:;'|!]/.test(char)) em += 0.3;
    else if (/[ ftrI()[\]/-]/.test(char)) em += 0.38;
    else if (/[mwMW%@]/.test(char)) em += 0.92;
    else if (/[A-Z]/.test(char)) em += 0.69;
    else em += char.codePointAt(0)! < 0x2e80 ? 0.615 : 1;
  }
  return em * size;
}

/** What a bold face adds to the width of a text. */
export const BOLD = 1.13;

/** `text` in lines of at most `width` px, broken at spaces; a word that is wider by itself is cut. */
export function wrap(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/u)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => fit(line, size, width));
}

/** `text` cut with an ellipsis so that it is at most `width` px wide at `size` px. */
export function fit(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const chars = [...text];
  while (chars.length > 1 && textWidth(`${chars.join("")}…`, size) > width) chars.pop();
  return `${chars.join("").trimEnd()}…`;
}

/** A text element at (x, y). `tone` is one of the classes of colour.ts. */
export function label(
  text: string,
  x: number,
  y: number,
  options: { size: number; tone: string; anchor?: "start" | "middle" | "end"; bold?: boolean; turn?: number },
): SvgElement {
  const { size, tone, anchor, bold, turn } = options;
  const attributes = {
    class: tone,
    // else the space after a superscript would be dropped
    "xml:space": text.includes("^") ? "preserve" : undefined,
    x,
    y,
    "font-size": size,
    "text-anchor": anchor === "start" ? undefined : anchor,
    "font-weight": bold ? "600" : undefined,
    transform: turn === undefined ? undefined : `rotate(${num(turn)} ${num(x)} ${num(y)})`,
  };
  return el("text", attributes, rich(text));
}
