/** @file Images of old classes that are kept as they are. */

import { cat, full, keep, type Random, scope, type Tensor } from "../../../tensor/index.ts";

/** Images by class, classes in their order, images in that in which they are worth keeping. It owns its tensors. */
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

  /** `exemplars.3` → [n, c, H, W]; they belong to this. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.classes].map(([label, images]) => [`exemplars.${label}`, images]));
  }

  /** Copies of saved images in place of what there is. */
  load(state: ReadonlyMap<string, Tensor>): void {
    this.dispose();
    const saved = [...state].flatMap(([name, images]) => {
      const label = /^exemplars\.(\d+)$/.exec(name)?.[1];
      return label === undefined ? [] : [[Number(label), images] as const];
    });
    // a file has its names in alphabetical order
    for (const [label, images] of saved.sort(([a], [b]) => a - b)) scope(() => this.put(label, images));
  }

  dispose(): void {
    for (const images of this.classes.values()) images.dispose();
    this.classes.clear();
  }
}
