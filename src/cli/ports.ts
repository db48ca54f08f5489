/** @file Ports of this machine: a free one, or whether one is free. */

import { createServer } from "node:net";
import { UsageError } from "../base/errors.ts";

/**
 * The port, or a free one where it is 0.
 * @throws {UsageError} it is in use, or not ours to take
 */
export function claimPort(port: number, address?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", ({ code }: NodeJS.ErrnoException) => {
      const why = code === "EADDRINUSE" ? "is in use" : `cannot be listened on (${code})`;
      const received = String(port);
      reject(
        new UsageError(`--master-port: ${port} ${why}; take another one, or leave it out for a free one`, {
          ...{ path: "--master-port", received },
        }),
      );
    });
    server.listen(port, address, () => {
      const { port: taken } = server.address() as { port: number };
      server.close(() => resolve(taken));
    });
  });
}
