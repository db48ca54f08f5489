/** @file Where the rest of training finds the writing of files, which tensors need too. */

export * from "../tensor/write-file.ts";
