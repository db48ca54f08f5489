/** @file What libtorch's registry says of an operator, as a list of arguments. */

export interface SchemaArgument {
  /** "Tensor", "int", "ScalarType", …, without marks of aliases, lists and options. */
  type: string;
  name: string;
  list: boolean;
  optional: boolean;
  hasDefault: boolean;
  keyword: boolean;
}

/** Cuts at commas that are inside no bracket. */
function split(text: string): string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const letter = text[i] as string;
    if ("([".includes(letter)) depth++;
    if (")]".includes(letter)) depth--;
    if (letter === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter((part) => part !== "");
}

/** "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor" → self, other, alpha. */
export function schemaArguments(schema: string): SchemaArgument[] {
  const open = schema.indexOf("(");
  let depth = 0;
  let close = open;
  for (; close < schema.length; close++) {
    if (schema[close] === "(") depth++;
    if (schema[close] === ")" && --depth === 0) break;
  }
  let keyword = false;
  const found: SchemaArgument[] = [];
  for (const part of split(schema.slice(open + 1, close))) {
    if (part === "*") {
      keyword = true;
      continue;
    }
    const [, full, name, rest] = /^(.*?)\s+(\w+)(=.*)?$/.exec(part) ?? [undefined, part, "", undefined];
    const plain = (full as string).replace(/\([^)]*\)/g, "");
    found.push({
      type: plain.replace(/\[.*|\?.*/g, ""),
      name: name as string,
      list: plain.includes("["),
      optional: plain.endsWith("?"),
      hasDefault: rest !== undefined,
      keyword,
    });
  }
  return found;
}
