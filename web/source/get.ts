/** @file Reading an address, with a sentence where that fails. */

import { host } from "../host.ts";

/** @throws {Error} in words that a page shows */
export async function get(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new Error(`${path} cannot be read: ${whyNot()}.`, { cause });
  }
  if (response.ok) return response;
  throw new Error(`${path} cannot be read: ${await saidBy(response)}`);
}

function whyNot(): string {
  if (host === "studio") return 'the studio does not answer. Is "vitrine studio" still running';
  if (location.protocol === "file:")
    return "a browser reads no files beside a page that was opened from a folder. Serve the folder (python3 -m http.server), or export one file with --format html";
  return "the server does not answer";
}

/** What the studio says, or the number of a static host. */
async function saidBy(response: Response): Promise<string> {
  if (host !== "studio") return `the server says ${response.status}. Copy the whole exported folder.`;
  const { error } = (await response.json().catch(() => ({}))) as { error?: unknown };
  return typeof error === "string" ? error : `the studio says ${response.status}.`;
}
