/** @file Names of tensors without what wrappers of modules put before them. */

import { quote } from "./stored.ts";
import type { Fail } from "./torch-kinds.ts";
import { type Choice, isAside, type Named } from "./torch-parts.ts";

/** Put in anywhere, by torch.compile and by sharding. */
const ANYWHERE =
  /(^|\.)(?:(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.)+/g;
/** Put before every name, by DataParallel and by training programs that hold a model. */
const BEFORE = ["module", "model", "net", "network"];
/** Wrappers within wrappers. */
const DEEPEST = 4;

/**
 * The tensors of a choice by their plain names, and one line on what was read and left.
 *
 * A name before the first dot goes when every tensor has it, but for those of a loss, a metric or an average.
 */
export function plainNames(
  { key, tensors, beside }: Choice,
  fail: Fail,
): { names: Map<string, Named>; note: string | undefined } {
  let names = rename([...tensors], (name) => name.replace(ANYWHERE, "$1"), fail);
  const inserted = new Set(
    [...tensors.keys()].flatMap((name) => name.match(ANYWHERE) ?? []).map((part) => part.replace(/^\./, "")),
  );
  const off: string[] = [...inserted];
  const left: string[] = [];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const heads = new Set([...names.keys()].map(head));
    const others = [...heads].filter((name) => !(isAside(name) && heads.size > 1));
    const prefix = others[0];
    if (others.length !== 1 || prefix === undefined || !BEFORE.includes(prefix)) break;
    const inside = [...names].filter(([name]) => name.startsWith(`${prefix}.`));
    if (inside.length === 0) break;
    for (const name of heads) if (name !== prefix) left.push(name);
    names = rename(inside, (name) => name.slice(prefix.length + 1), fail);
    off.push(`${prefix}.`);
  }
  const parts = [
    ...(key === "" && left.length === 0 && beside === ""
      ? []
      : [
          `read ${key === "" ? "" : `${quote(key)}, `}${names.size} ${names.size === 1 ? "tensor" : "tensors"}`,
        ]),
    ...(off.length > 0 ? [`took ${off.map(quote).join(", ")} off their names`] : []),
    ...(left.length > 0 ? [`left ${left.map(quote).join(", ")}, which is beside the model`] : []),
    ...(beside === "" ? [] : [beside]),
  ];
  return { names, note: parts.length > 0 ? parts.join("; ") : undefined };
}

/** What stands before the first dot. */
const head = (name: string): string => name.split(".", 1)[0] ?? name;

function rename(
  tensors: readonly (readonly [string, Named])[],
  plain: (name: string) => string,
  fail: Fail,
): Map<string, Named> {
  const renamed = new Map<string, Named>();
  for (const [name, tensor] of tensors) {
    if (renamed.has(plain(name))) fail(`two tensors are called ${quote(plain(name))}`);
    renamed.set(plain(name), tensor);
  }
  return renamed;
}
