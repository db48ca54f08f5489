/**
 * @file The process that a native campaign runs its calls in. Before each call it writes down which one it is, so that
 * whoever sees it die knows: `tsx campaign/native-calls.ts STATUS SEED FROM SECONDS [SKIPPED,…]`; SECONDS 0 makes the
 * call FROM alone and prints it.
 */

import { openSync, writeSync } from "node:fs";
import {
  type AtenArgument,
  aten,
  gradients,
  memory,
  native,
  operator,
  scope,
  Tensor,
} from "../src/tensor/index.ts";
import { refusal } from "../src/tensor/refused.ts";
import { argumentFor, theme } from "./native-arguments.ts";
import { callEntry, entryNames } from "./native-entries.ts";
import { Dice } from "./native-random.ts";
import { type SchemaArgument, schemaArguments } from "./native-schema.ts";

const [status, seed, from, seconds, skipped = ""] = process.argv.slice(2);
const skip = new Set(skipped.split(","));
const addon = native();
addon.setThreads(1);
const entries = entryNames().filter((name) => !skip.has(name));
const names = addon.operatorNames().filter((name) => !skip.has(name) && refusal(name) === undefined);
const schemas = new Map<string, SchemaArgument[]>();
const some = ["aten::relu", "aten::add.Tensor", "aten::cat", "aten::sum", "aten::split.Tensor"].map(
  (name) => operator(name).id,
);

const text = (value: unknown): string => {
  if (value instanceof Tensor) return value.describe();
  if (Array.isArray(value))
    return value.length > 20 ? `[${value.length} entries]` : `[${value.map(text).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "object";
  return String(value);
};

const file = openSync(status as string, "w");
const LENGTH = 4000;
function note(index: number, call: string): void {
  writeSync(file, `${index} ${call}`.slice(0, LENGTH).padEnd(LENGTH), 0);
}

/** An operator with arguments for its schema, and the gradient of what comes out. */
function callOperator(dice: Dice, index: number): void {
  const name = dice.pick(names);
  note(index, name);
  scope(() => {
    let schema = schemas.get(name);
    if (schema === undefined) {
      schema = schemaArguments(operator(name).schema);
      schemas.set(name, schema);
    }
    const common = theme(dice);
    const args: AtenArgument[] = [];
    const keywords: Record<string, AtenArgument> = {};
    for (const argument of schema) {
      if (argument.hasDefault && dice.chance(0.6)) continue;
      if (argument.keyword || Object.keys(keywords).length > 0 || args.length < schema.indexOf(argument))
        keywords[argument.name] = argumentFor(dice, argument, common);
      else args.push(argumentFor(dice, argument, common));
    }
    note(
      index,
      `${name}(${args.map(text).join(", ")}; ${Object.entries(keywords)
        .map(([key, value]) => `${key}=${text(value)}`)
        .join(", ")})`,
    );
    const result = aten<unknown>(name, ...args, keywords);
    for (const tensor of Array.isArray(result) ? result : [result]) {
      if (!(tensor instanceof Tensor)) continue;
      // an expanded result of 2^32 elements that all lie in one place is ours to sum, not the operator's
      if (tensor.requiresGrad && tensor.numel < 1e7 && dice.chance(0.7)) {
        const leaves = args.filter((given): given is Tensor => given instanceof Tensor && given.requiresGrad);
        const [grad] = gradients(tensor.sum(), leaves.slice(0, 1));
        grad?.numbers();
      }
      if (tensor.numel < 1e5 && dice.chance(0.5)) tensor.toArray();
    }
  }, "call");
}

const counts = { operators: 0, entries: 0, threw: 0, leaks: [] as string[] };
const until = performance.now() + Number(seconds) * 1000;
let index = Number(from);
for (; ; index++) {
  const dice = new Dice(Number(seed), index);
  const before = memory().tensors;
  const entry = dice.chance(0.3) && entries.length > 0;
  const name = entry ? dice.pick(entries) : "";
  try {
    if (entry) {
      note(index, `entry ${name}`);
      counts.entries++;
      callEntry(dice, name, some);
    } else {
      counts.operators++;
      callOperator(dice, index);
    }
  } catch (error) {
    counts.threw++;
    if (!(error instanceof Error)) throw error;
    // what an entry gave out is freed below; what fails leaves nothing
    if (!entry && memory().tensors !== before) counts.leaks.push(`${index}: ${error.message}`);
  }
  if (Number(seconds) === 0 || performance.now() > until) break;
}
console.log(JSON.stringify({ ...counts, next: index + 1 }));
process.exit(0);
