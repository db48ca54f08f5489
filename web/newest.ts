/** @file Questions to the server, one at a time: of those that wait only the newest is asked. */

import { Overtaken } from "./engine/engine.ts";

interface Waiting<A, T> {
  asked: A;
  resolve(answer: T): void;
  reject(error: unknown): void;
}

/** An abort ends the server's process, whose next start takes a second: a question that takes longer is worth that. */
const PATIENCE_MS = 2000;

export class Newest<A, T> {
  private waiting: Waiting<A, T> | undefined;
  private current: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private since = 0;

  constructor(private readonly ask: (asked: A, signal: AbortSignal) => Promise<T>) {}

  /** @throws {Overtaken} a newer one was asked before this one's turn came, or while it took long */
  run(asked: A): Promise<T> {
    this.waiting?.reject(new Overtaken());
    return new Promise((resolve, reject) => {
      this.waiting = { asked, resolve, reject };
      if (this.current === undefined) void this.next();
      else this.hurry();
    });
  }

  /** Nobody waits any more. */
  close(): void {
    this.waiting?.reject(new Overtaken());
    this.waiting = undefined;
    if (this.current !== undefined) this.hurry();
  }

  private hurry(): void {
    clearTimeout(this.timer);
    const { current } = this;
    this.timer = setTimeout(() => current?.abort(), PATIENCE_MS - (performance.now() - this.since));
  }

  private async next(): Promise<void> {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) return;
    const own = new AbortController();
    this.current = own;
    this.since = performance.now();
    try {
      waiting.resolve(await this.ask(waiting.asked, own.signal));
    } catch (error) {
      waiting.reject(own.signal.aborted ? new Overtaken() : error);
    }
    clearTimeout(this.timer);
    this.current = undefined;
    void this.next();
  }
}
