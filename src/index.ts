/** @file The library: everything the commands do is a function first. */

export * from "./tensor/index.ts";
