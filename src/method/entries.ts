/** @file The methods: a line each. */

export { cpp } from "./cpp/entry.ts";
export { ctrl } from "./ctrl/entry.ts";
export { dino } from "./dino/entry.ts";
export { generative } from "./generative/entry.ts";
export { ictrl } from "./ictrl/entry.ts";
export { incremental } from "./incremental/entry.ts";
export { language } from "./language/entry.ts";
export { mae } from "./mae/entry.ts";
export { mcr2 } from "./mcr2/entry.ts";
export { probe } from "./probe/entry.ts";
export { redunet } from "./redunet/entry.ts";
export { supervised } from "./supervised/entry.ts";
export { tcr } from "./tcr/entry.ts";
