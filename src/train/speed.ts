/** @file Images per second. */

/** A rate over the last half second or more, so that it does not jump. */
export class Speed {
  private images = 0;
  private since = performance.now();
  private rate = 0;

  add(images: number): void {
    this.images += images;
  }

  /** Images per second. */
  now(): number {
    const seconds = (performance.now() - this.since) / 1000;
    if (seconds >= 0.5 || this.rate === 0) {
      this.rate = this.images / Math.max(seconds, 1e-9);
      this.restart();
    }
    return this.rate;
  }

  /** Leaves out what came before: an evaluation is no training. */
  restart(): void {
    this.images = 0;
    this.since = performance.now();
  }
}
