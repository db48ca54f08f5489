/** @file What the hub says of a file before it is fetched: its commit, checksum and size; or why there is none. */

import type { IncomingMessage } from "node:http";
import { DataError, UsageError } from "../../base/errors.ts";
import type { Checksum } from "../fetch/download.ts";
import { request, requireStatus, type Tries, trying } from "../fetch/request.ts";
import type { HubAddress } from "./address.ts";
import { isCommit } from "./cache.ts";
import type { HubPlaces } from "./environment.ts";

export interface HubFile {
  commit: string;
  checksum: Checksum;
  /** Bytes, where the hub says. */
  size?: number;
}

/** The server cannot be reached, or answers that it cannot now: what is in the cache will do. */
export class UnreachableError extends DataError {
  constructor(
    { text }: HubAddress,
    readonly reason: string,
    cause: unknown,
  ) {
    const what = `${reason}; it is not in the cache either; try again, or set HF_ENDPOINT to a mirror`;
    super(`${text}: ${what}`, { path: text, cause });
  }
}

/** The address of a file at a revision or a commit. */
export const resolveUrl = (endpoint: string, repository: string, revision: string, file: string): string =>
  `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${file.split("/").map(encodeURIComponent).join("/")}`;

/** Only the hub's own host is told who asks. */
export const tokenOf = ({ token }: HubPlaces): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/**
 * Asks for a file's head; nothing where the repository has no such file.
 *
 * @throws {UsageError} no such repository or revision, or one that needs a token; {UnreachableError}; {DataError} an answer
 *   without a commit or a checksum, against which nothing could be checked
 */
export async function askHub(
  address: HubAddress,
  file: string,
  places: HubPlaces,
  tries: Tries,
): Promise<HubFile | undefined> {
  const { repository, revision } = address;
  const url = resolveUrl(places.endpoint, repository, revision, file);
  const unreachable = (cause: Error & { code?: string }): never => {
    const reason = `${places.endpoint} gives no answer (${cause.message || cause.code})`;
    throw new UnreachableError(address, reason, cause);
  };
  const response = await trying({ retries: 2, ...tries }, async () => {
    const found = await request(url, { method: "HEAD", headers: {}, own: tokenOf(places), stopAt: isAnswer });
    found.destroy();
    requireStatus(found, 200, 301, 302, 303, 307, 308, 401, 403, 404);
    return found;
  }).catch(unreachable);
  const status = response.statusCode ?? 0;
  if (status < 400) return headOf(response, url);
  if (response.headers["x-error-code"] === "EntryNotFound") return undefined;
  throw refusal(address, response, places);
}

/** The hub's redirect to the place of a large file says itself what the file is. */
const isAnswer = (response: IncomingMessage): boolean =>
  header(response, "x-repo-commit") !== undefined && header(response, "x-linked-etag") !== undefined;

const header = ({ headers }: IncomingMessage, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
};

/** Large files are named by their SHA-256, others as git names them. */
function headOf(response: IncomingMessage, url: string): HubFile {
  const commit = header(response, "x-repo-commit") ?? "";
  const hex = (header(response, "x-linked-etag") ?? header(response, "etag") ?? "")
    .replace(/^W\//, "")
    .replaceAll('"', "");
  const algorithm = /^[0-9a-f]{64}$/.test(hex) ? "sha256" : /^[0-9a-f]{40}$/.test(hex) ? "git" : undefined;
  if (!isCommit(commit) || algorithm === undefined)
    throw new DataError(
      `${url}: expected the file's commit and its SHA-256 or git hash in the answer, got ${commit || "none"} and ${hex || "none"}; is HF_ENDPOINT a hub?`,
      { path: url },
    );
  const redirected = (response.statusCode ?? 0) >= 300;
  const size = Number(
    header(response, "x-linked-size") ?? (redirected ? "" : header(response, "content-length")),
  );
  return { commit, checksum: { algorithm, hex }, ...(size > 0 && { size }) };
}

function refusal(
  { text, repository, revision }: HubAddress,
  response: IncomingMessage,
  { token, endpoint }: HubPlaces,
): UsageError {
  const code = header(response, "x-error-code");
  const status = response.statusCode;
  const login =
    token === undefined
      ? "set HF_TOKEN to a token that may read it"
      : "the token that was sent may not read it: check HF_TOKEN, or the file that HF_TOKEN_PATH names";
  const why = () => {
    if (code === "RevisionNotFound")
      return `${repository} has no revision "${revision}"; check it, or leave it out for main`;
    if (code === "GatedRepo")
      return `${repository} is gated: accept its conditions at ${endpoint}/${repository}, then ${login}`;
    if (status === 401 || status === 403)
      return `there is no ${repository}, or it is private (${status}): check the name, or ${login}`;
    if (code === "RepoNotFound") return `there is no ${repository}; check the name`;
    return `${endpoint} has no such repository, revision or file (${status}); check the address`;
  };
  return new UsageError(`${text}: ${why()}`, { path: text });
}
