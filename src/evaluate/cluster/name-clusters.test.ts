import { expect, test } from "vitest";
import { random, scope, tensor } from "../../tensor/index.ts";
import { candidateNames, nameClusters, searchImages } from "./name-clusters.ts";

const stream = random(8);
const wide = { dtype: "float64" } as const;
const int64 = (values: readonly number[]) => tensor(BigInt64Array.from(values, BigInt));
const names = ["bird", "boat", "cat", "dog", "frog", "ship"];

/** Texts in space, images beside the text of their class, in clusters of one class each. */
function pairs() {
  const texts = stream.at("texts").normal([6, 16], wide);
  const classes = [2, 2, 2, 2, 5, 5, 5, 0, 0];
  const clusters = [1, 1, 1, 1, 0, 0, 0, 3, 3];
  const noise = stream.at("noise").normal([9, 16], wide).mul(0.3);
  const images = texts.indexSelect(0, int64(classes)).mul(4).add(noise); //     lengths do not matter
  return { texts, images, assigned: int64(clusters), names };
}

test("nameClusters: every cluster is called as its images are, an empty one is not called anything", () => {
  scope(() => {
    const found = nameClusters(pairs());
    expect(found.map(({ name, count }) => [name, count])).toEqual([
      ["ship", 3],
      ["cat", 4],
      [undefined, 0],
      ["bird", 2],
    ]);
    expect(found[0]!.votes).toHaveLength(3);
    expect(found[0]!.votes[0]!.votes).toBeGreaterThan(2.5); //                  nearly one vote for each of three
  });
});

test("votes are the largest probabilities of each image, summed", () => {
  scope(() => {
    const { texts, images } = pairs();
    const one = { texts, images, names, assigned: int64(new Array(9).fill(0)) };
    const options = { top: 2, scale: 5, kept: 6 };
    const expected = new Map(names.map((name) => [name, 0]));
    const unit = (row: number[]) => row.map((x) => x / Math.hypot(...row));
    const rows = (of: typeof texts) => (of.toArray() as number[][]).map(unit);
    for (const image of rows(images)) {
      const weights = rows(texts).map((text) =>
        Math.exp(5 * text.reduce((sum, x, i) => sum + x * image[i]!, 0)),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const best = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]!).slice(0, 2);
      for (const i of best) expected.set(names[i]!, expected.get(names[i]!)! + weights[i]! / total);
    }
    const [found] = nameClusters(one, options);
    for (const { name, votes } of found!.votes) expect(votes).toBeCloseTo(expected.get(name)!, 10);
    expect(found!.votes.map(({ votes }) => votes)).toEqual(
      found!.votes.map(({ votes }) => votes).sort((a, b) => b - a),
    );
    // where all names are alike, the first ones are kept
    const even = nameClusters({ ...one, texts: texts.mul(0) }, { top: 6 });
    expect(even[0]!.votes.map(({ name }) => name)).toEqual(["bird", "boat", "cat"]);
  });
});

test("candidates are sorted and named once", () => {
  expect(candidateNames(["dog", "cat"], ["bird ", "cat", ""])).toEqual(["bird", "cat", "dog"]);
});

test("what does not fit is said", () => {
  scope(() => {
    const given = pairs();
    const refuse = (more: Partial<typeof given>) => () => nameClusters({ ...given, ...more });
    expect(refuse({ names: ["cat"] })).toThrow("one for each of 6 texts, got 1");
    expect(refuse({ texts: given.texts.narrow(1, 0, 8) })).toThrow("in one space");
    expect(refuse({ assigned: int64([0]) })).toThrow("a label for each of 9 rows");
    expect(refuse({ assigned: int64([0, 0, 0, 0, -1, 0, 0, 0, 0]) })).toThrow("got -1 for image 4");
  });
});

test("a search finds the image itself first, and others by falling cosine", () => {
  scope(() => {
    const { images } = pairs();
    const { indices, cosines } = searchImages(images, images.narrow(0, 4, 2).mul(0.1), 3);
    expect(indices.shape).toEqual([2, 3]);
    expect(indices.select(1, 0).numbers()).toEqual([4, 5]);
    expect(new Set(indices.select(0, 0).numbers())).toEqual(new Set([4, 5, 6]));
    const [first, second, third] = cosines.select(0, 0).numbers() as [number, number, number];
    expect(first).toBeCloseTo(1, 12);
    expect(second >= third && first > second).toBe(true);
    expect(() => searchImages(images, images, 10)).toThrow("1 to 9 results, got 10");
    expect(() => searchImages(images, images.narrow(1, 0, 3), 1)).toThrow("queries [q, d]");
  });
});
