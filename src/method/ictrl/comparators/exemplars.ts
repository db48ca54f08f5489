/** @file Images of old classes that are kept as they are. */

import { cat, full, keep, type Random, scope, type Tensor } from "../../../tensor/index.ts";

/** Images by class, in the order in which they are worth keeping. It owns its tensors. */
export class Exemplars {
  private readonly classes = new Map<number, Tensor>();

  get labels(): number[] {
    return [...this.classes.keys()];
  }
  get count(): number {
    return [...this.classes.values()].reduce((sum, images) => sum + images.size(0), 0);
  }
  /** As bytes, one per pixel, which is how images lie in files. */
  get bytes(): number {
    return [...this.classes.values()].reduce((sum, images) => sum + images.numel, 0);
  }

  of(label: number): Tensor {
    return this.classes.get(label)!;
  }

  put(label: number, images: Tensor): void {
    this.classes.get(label)?.dispose();
    this.classes.set(label, keep(images.detach().clone()));
  }

  /** Keeps the first `perClass` of every class. */
  cut(perClass: number): void {
    for (const [label, images] of this.classes)
      if (images.size(0) > perClass) scope(() => this.put(label, images.narrow(0, 0, perClass)));
  }

  /** Some at random, all classes together: [n, c, H, W] and int64 [n]. */
  draw(n: number, random: Random): { images: Tensor; labels: Tensor } {
    const images = cat([...this.classes.values()]);
    const labels = cat(
      [...this.classes].map(([label, images]) =>
        full([images.size(0)], label, { dtype: "int64", device: images.device }),
      ),
    );
    const chosen = random
      .permutation(images.size(0), { device: images.device })
      .narrow(0, 0, Math.min(n, images.size(0)));
    return { images: images.indexSelect(0, chosen), labels: labels.indexSelect(0, chosen) };
  }

  dispose(): void {
    for (const images of this.classes.values()) images.dispose();
    this.classes.clear();
  }
}
