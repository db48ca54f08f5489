/** @file What a half-installed node_modules leads to. It imports nothing from there. */
import { PACKAGES } from "../tensor/libtorch.ts";

/** One line for an error that says that a package is missing, or is not whole; undefined for any other error. */
export function packageProblem(error: unknown): string | undefined {
  const { code, message = "" } = error as { code?: string; message?: string };
  const missing = /^Cannot find (?:package|module) '([^'.][^']*)'/.exec(message)?.[1];
  const sharp = message.startsWith('Could not load the "sharp" module') ? "sharp" : undefined;
  const name = /MODULE_NOT_FOUND$/.test(code ?? "") ? missing : sharp;
  // a whole path is a file inside a package
  const inside = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name ?? "")?.[1];
  if (name === undefined || (name.startsWith("/") && inside === undefined)) return undefined;
  return `the package ${inside ?? name} is not installed, or not whole; ${PACKAGES}`;
}
