/** @file Addresses of models on the Hugging Face hub: hf:OWNER/NAME[@REVISION][/FILE]. */

import { UsageError } from "../../base/errors.ts";

export interface HubAddress {
  /** As it was written. */
  text: string;
  /** OWNER/NAME. */
  repository: string;
  /** A branch, a tag or a commit; `main` where none was given. */
  revision: string;
  /** Path in the repository; where none was given, the weights' usual names are tried. */
  file?: string;
}

/** Whether a text is such an address, rather than a path. */
export const isHubAddress = (text: string): boolean => text.startsWith("hf:");

/** Branches of pull requests are the only ones whose slash is not written as %2F. */
const FORM = /^hf:([^/@]+\/[^/@]+)(?:@(refs\/(?:pr|convert)\/[^/]+|[^/]+))?(?:\/(.+))?$/s;
const NAME = /^(?!.*(\.\.|--))\w[\w.-]{0,95}$/;

/** @throws {UsageError} another form; a part that could lead out of the cache's folder */
export function parseHubAddress(text: string): HubAddress {
  const wrong = (what: string) =>
    new UsageError(
      `${text}: ${what}; expected hf:OWNER/NAME, then @REVISION and /FILE if wanted, such as hf:timm/vit_tiny_patch16_224.augreg_in21k`,
      { path: text },
    );
  const [, repository, given = "main", file] = FORM.exec(text) ?? [];
  if (repository === undefined) throw wrong("not the form of an address");
  if (!repository.split("/").every((part) => NAME.test(part))) throw wrong("no name of a repository");
  const revision = given.replace(/%2f/gi, "/");
  if (!isPlainPath(revision)) throw wrong("no name of a revision");
  if (file !== undefined && !isPlainPath(file)) throw wrong("no path of a file in it");
  return { text, repository, revision, ...(file !== undefined && { file }) };
}

/** Names joined by slashes, none of which leads up or hides a character. */
export const isPlainPath = (path: string): boolean =>
  path.split("/").every((part) => /^(?!\.{1,2}$)[^\\\p{Cc}\p{Cf}]+$/u.test(part));
