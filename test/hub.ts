/** A hub on this machine: answers as huggingface.co does, and keeps what it was asked. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  path: string;
  range: string | undefined;
  token: string | undefined;
}

export interface HubRepository {
  /** By path; those in `large` are named by SHA-256 and lie on the other server. */
  files: Record<string, Buffer>;
  large?: readonly string[];
  /** Commits by revision. */
  refs: Record<string, string>;
  /** Only who sends this may read. */
  token?: string;
  gated?: boolean;
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const gitHash = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** Serves repositories by OWNER/NAME; `spoil` may answer a request for a file's bytes itself. */
export class TestHub {
  readonly repositories = new Map<string, HubRepository>();
  readonly moved = new Map<string, string>();
  asked: Asked[] = [];
  /** What the other server was asked, which has the large files. */
  elsewhere: Asked[] = [];
  spoil: ((path: string, from: number, response: ServerResponse, bytes: Buffer) => boolean) | undefined;
  private readonly hub = createServer((request, response) => this.answer(request, response));
  private readonly store = createServer((request, response) => this.send(request, response));
  private readonly blobs = new Map<string, Buffer>();
  endpoint = "";

  async open(): Promise<this> {
    const ports = [this.hub, this.store].map(
      (server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)),
    );
    await Promise.all(ports);
    this.endpoint = address(this.hub);
    return this;
  }

  async close(): Promise<void> {
    for (const server of [this.hub, this.store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url!);
    this.asked.push(askedOf(request, path));
    const [, name = "", revision = "", file = ""] =
      /^\/([^/]+\/[^/]+)\/resolve\/((?:refs\/\w+\/)?[^/]+)\/(.+)$/.exec(path) ?? [];
    const refuse = (status: number, code: string) =>
      response.writeHead(status, { "x-error-code": code }).end();
    const moved = this.moved.get(name);
    if (moved !== undefined)
      return void response.writeHead(307, { location: request.url!.replace(name, moved) }).end();
    const found = this.repositories.get(name);
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (found === undefined || (found.token !== undefined && !found.gated && token !== found.token))
      return void refuse(token === undefined ? 401 : 404, "RepoNotFound");
    if (found.gated && token !== found.token) return void refuse(token ? 403 : 401, "GatedRepo");
    const commit = found.refs[revision] ?? Object.values(found.refs).find((each) => each === revision);
    if (commit === undefined) return void refuse(404, "RevisionNotFound");
    const bytes = found.files[file];
    if (bytes === undefined) return void refuse(404, "EntryNotFound");
    if (found.large?.includes(file)) {
      const hash = sha256(bytes);
      this.blobs.set(`/${hash}`, bytes);
      const linked = { "x-linked-etag": `"${hash}"`, "x-linked-size": bytes.length, "x-repo-commit": commit };
      response.writeHead(302, { location: `${address(this.store, "localhost")}/${hash}`, ...linked }).end();
    } else
      this.body(request, response, path, bytes, { etag: `"${gitHash(bytes)}"`, "x-repo-commit": commit });
  }

  private send(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!;
    this.elsewhere.push(askedOf(request, path));
    this.body(request, response, path, this.blobs.get(path)!, { etag: `"${path.slice(1)}"` });
  }

  private body(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    bytes: Buffer,
    headers: Record<string, string>,
  ): void {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (request.method !== "HEAD" && this.spoil?.(path, from, response, bytes)) return;
    const range = from > 0 ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    const length = { "content-length": bytes.length - from };
    response.writeHead(from > 0 ? 206 : 200, { ...headers, ...range, ...length });
    response.end(request.method === "HEAD" ? undefined : bytes.subarray(from));
  }
}

const address = (server: ReturnType<typeof createServer>, host = "127.0.0.1"): string =>
  `http://${host}:${(server.address() as AddressInfo).port}`;

const askedOf = ({ method, headers }: IncomingMessage, path: string): Asked => ({
  ...{ method: method!, path, range: headers.range, token: headers.authorization },
});
