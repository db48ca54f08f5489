/** @file The studio's server: its addresses, and how it starts and ends. */

import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { UsageError } from "../base/errors.ts";
import { Cache } from "./cache.ts";
import { Catalogue } from "./catalogue.ts";
import { Libtorch, type LibtorchOptions } from "./child/libtorch.ts";
import { guard, isLoopback } from "./guard.ts";
import { MetricsStore } from "./metrics/store.ts";
import { pageFiles } from "./page-files.ts";
import { Refused, refusal } from "./refused.ts";
import { networkRoutes } from "./routes/network.ts";
import { runtimeRoutes } from "./routes/onnxruntime.ts";
import { runRoutes } from "./routes/runs.ts";
import { streamRoutes } from "./routes/streams.ts";
import { sweepRoutes } from "./routes/sweeps.ts";
import { theoryRoutes } from "./routes/theory.ts";
import { Watch } from "./watch.ts";

export interface StudioOptions {
  /** A folder of runs, or one run. */
  root: string;
  /** A free one unless given. */
  port?: number;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** Folder of what can be made again; the user's own cache unless given. */
  cache?: string;
  libtorch?: LibtorchOptions;
}

export interface Studio {
  /** With the token in the fragment, which a browser keeps to itself. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** The process that has libtorch, while there is one. */
  readonly child: () => number | undefined;
  /** Ends all streams and the process that has libtorch. */
  close(): Promise<void>;
}

/** @throws {UsageError} no such folder, an address or a port that cannot be listened on, a page that was not built */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { root, port = 0, host = "127.0.0.1" } = options;
  const catalogue = new Catalogue(root);
  catalogue.runs(); // a thousand take half a second to read, once: before the page asks
  const token = randomBytes(24).toString("base64url");
  const libtorch = new Libtorch(options.libtorch);
  const watch = new Watch(catalogue);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every stream that is open listens
  const servers: ServerType[] = [];
  const portOf = () => (servers[0]?.address() as AddressInfo | undefined)?.port ?? 0;

  const app = new Hono();
  app.onError(refusal);
  app.notFound((c) => refusal(new Refused(404, "there is nothing at this address"), c));
  guard(app, { host, port: portOf, token });
  pageFiles(app, isLoopback(host));
  runtimeRoutes(app);
  runRoutes(app, catalogue, new MetricsStore());
  streamRoutes(app, catalogue, watch, closing.signal);
  networkRoutes(app, catalogue, libtorch, new Cache(options.cache));
  theoryRoutes(app, catalogue);
  sweepRoutes(app, catalogue);

  servers.push(await listen(app, host, port));
  // "localhost" is the one or the other, as the system has it
  if (host === "127.0.0.1") await listen(app, "::1", portOf()).then((six) => servers.push(six), () => {}); // biome-ignore format: short
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${portOf()}/#token=${token}`,
    port: portOf(),
    token,
    child: () => libtorch.pid,
    async close() {
      closing.abort();
      watch.close();
      libtorch.close();
      await Promise.all(
        servers.map((server) => new Promise((done) => server.close(done) && closeNow(server))),
      );
    },
  };
}

/** Connections that wait for another request would keep the server open. */
const closeNow = (server: ServerType): void => {
  if ("closeAllConnections" in server) server.closeAllConnections();
};

function listen(app: Hono, host: string, port: number): Promise<ServerType> {
  return new Promise((done, failed) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, () => done(server));
    server.once("error", ({ code }: NodeJS.ErrnoException) => {
      const why = code === "EADDRINUSE" ? "another program listens there" : code === "EACCES" ? "permission denied" : `${code}`; // biome-ignore format: short
      failed(new UsageError(`cannot listen on ${host}, port ${port}: ${why}; choose another --port or --host`, { path: "--port" })); // biome-ignore format: short
    });
  });
}

export { isLoopback };
