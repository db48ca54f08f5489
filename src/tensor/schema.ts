/** @file What an operator takes, read from the schema that libtorch prints. */

/** One argument of an operator. */
export interface SchemaArgument {
  name: string;
  /** Whether it is a tensor, or a list of them: handles of tensors and numbers look alike. */
  tensor: boolean;
  /** What it is when it is left out. */
  default: unknown;
}

export interface Schema {
  /** `add.Tensor`; with its namespace where that is not aten. */
  operator: string;
  /** Whether the operator changes one of its arguments. */
  inPlace: boolean;
  arguments: readonly SchemaArgument[];
}

/** `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor` in parts. */
export function parseSchema(text: string): Schema {
  const [open, close] = [text.indexOf("("), text.lastIndexOf(") ->")];
  const parts = split(text.slice(open + 1, close));
  return {
    operator: text.slice(0, open).replace(/^aten::/, ""),
    inPlace: parts.some((part) => /^Tensor\(\w+!/.test(part)),
    arguments: parts.filter((part) => part !== "*").map(argument),
  };
}

/** At the commas outside of brackets: `int[2] stride=[1, 1]` is one argument. */
function split(list: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at <= list.length; at++) {
    const letter = list[at];
    if (letter === "[" || letter === "(") depth++;
    else if (letter === "]" || letter === ")") depth--;
    else if (letter === undefined || (letter === "," && depth === 0)) {
      parts.push(list.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts.filter((part) => part !== "");
}

function argument(part: string): SchemaArgument {
  const [, type = "", name = "", given] = /^(.+) (\w+)(?:=(.*))?$/.exec(part) ?? [];
  return { name, tensor: type.startsWith("Tensor"), default: given === undefined ? undefined : value(given) };
}

const WORDS: Readonly<Record<string, unknown>> = { None: null, True: true, False: false };

/** Numbers, lists of them and words in quotes are JSON, but for the point of `0.`; constants of enums stay words. */
function value(text: string): unknown {
  if (text in WORDS) return WORDS[text];
  try {
    return JSON.parse(text.replace(/(\d)\.(?!\d)/g, "$1"));
  } catch {
    return text;
  }
}
