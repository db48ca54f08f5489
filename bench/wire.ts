/** @file Two network namespaces of Linux, joined by a wire of a given rate: they stand for two machines. */

import { execFileSync } from "node:child_process";

/** A wire between two processes' worlds, until it is disposed of. */
export interface Wire {
  /** How the process of a rank is started there, and the variables that say where it is. */
  place(rank: number): { prefix: string[]; MASTER_ADDR: string; GLOO_SOCKET_IFNAME: string };
  [Symbol.dispose](): void;
}

const run = (program: string, ...args: string[]): void =>
  void execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });

/**
 * A wire of so many bits a second, such as "1gbit", by a token bucket in each direction.
 * @throws Error where namespaces need rights that this process has not, or `ip` and `tc` are not there
 */
export function makeWire(rate: string): Wire {
  const names = [0, 1].map((rank) => `vitrine-${process.pid}-${rank}`);
  const undo = () => {
    for (const name of names)
      try {
        run("ip", "netns", "delete", name); // and with it the wire's end
      } catch {} // never made
  };
  try {
    for (const name of names) run("ip", "netns", "add", name);
    const ends = ["type", "veth", "peer", "name", "wire", "netns", names[1]!];
    run("ip", "link", "add", "name", "wire", "netns", names[0]!, ...ends);
    names.forEach((name, rank) => {
      run("ip", "-n", name, "address", "add", `10.111.0.${rank + 1}/24`, "dev", "wire");
      for (const device of ["lo", "wire"]) run("ip", "-n", name, "link", "set", device, "up");
      const bucket = ["tbf", "rate", rate, "burst", "1mb", "latency", "100ms"];
      run("tc", "-n", name, "qdisc", "add", "dev", "wire", "root", ...bucket);
    });
  } catch (error) {
    undo();
    throw error;
  }
  return {
    place: (rank) => ({
      prefix: ["ip", "netns", "exec", names[rank]!],
      MASTER_ADDR: "10.111.0.1",
      GLOO_SOCKET_IFNAME: "wire",
    }),
    [Symbol.dispose]: undo,
  };
}
