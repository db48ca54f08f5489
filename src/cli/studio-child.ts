/** @file The studio's process with libtorch, where plugins are given: they come first. */

import { loadPlugins } from "./plugin.ts";

await loadPlugins(process.argv.slice(2));
await import("../studio/child/main.ts");
