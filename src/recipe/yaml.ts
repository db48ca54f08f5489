/** @file YAML as settings: text to a tree and the lines of its values, without what makes a parser run away. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import { UsageError } from "../base/errors.ts";

/** A recipe is some forty lines. The parser's time grows with the square of the length: 64 KiB are a second. */
export const LONGEST = 2 ** 16;
/** Sections in sections; a recipe has two or three. */
const DEEPEST = 16;

/** Settings, and where each is. */
export interface Settings {
  values: unknown;
  /** `label:line` of the value at a dotted path. */
  locate: (path: string) => string | undefined;
}

/**
 * The settings of a text, YAML or JSON.
 * @param label names the text in messages
 * @throws UsageError when it is not YAML; where it nests too deeply, contains itself or has a key that is no name
 */
export function parseSettings(text: string, label: string): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
  const lineOf = (at: number) => `${label}:${lines.linePos(at).line}`;
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const what =
      problem.code === "MULTIPLE_DOCS"
        ? "a second YAML document begins, expected one recipe; take out the line ---"
        : firstLine(problem.message);
    throw new UsageError(`${lineOf(problem.pos[0])}: ${what}`, { path: label });
  }
  refuseTangles(document, (node, what) => {
    throw new UsageError(`${lineOf(node.range?.[0] ?? 0)}: ${what}`, { path: label });
  });
  let values: unknown;
  try {
    values = document.toJS();
  } catch (cause) {
    throw new UsageError(`${label}: ${firstLine(String((cause as Error).message))}`, { path: label, cause });
  }
  const locate = (path: string) => {
    const node = document.getIn(path.split("."), true);
    return isNode(node) && node.range ? lineOf(node.range[0]) : undefined;
  };
  return { values, locate };
}

type Fail = (node: Node, what: string) => never;

/** Walks the tree before values are made of it. */
function refuseTangles(document: Document, fail: Fail): void {
  const around: unknown[] = [];
  walk(document.contents);

  function walk(item: unknown): void {
    if (isAlias(item) && around.includes(item.resolve(document)))
      fail(item, `*${item.source} contains itself`);
    if (!isCollection(item)) return;
    if (around.length === DEEPEST)
      fail(item, `settings nested more than ${DEEPEST} deep, which no recipe is`);
    around.push(item);
    for (const entry of item.items) {
      if (!isPair(entry)) walk(entry);
      else {
        if (isMap(item) && !isScalar(entry.key)) fail(item, "expected a setting's name before the colon");
        walk(entry.value);
      }
    }
    around.pop();
  }
}

/** The parser's message without its excerpt of the file, in our style: small first letter, no full stop. */
function firstLine(message: string): string {
  const line = (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "").replace(/[.:]$/, "");
  return line.charAt(0).toLowerCase() + line.slice(1);
}
