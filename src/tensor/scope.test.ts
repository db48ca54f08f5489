import { expect, test } from "vitest";
import { collectGarbage } from "../../test/gc.ts";
import { cat, keep, memory, scope, type Tensor, tensor, UsageError, zeros } from "./index.ts";

const live = (): number => memory().tensors;

test("a scope frees what its body made, but for its result", () => {
  const before = live();
  const inside: Tensor[] = [];
  using total = scope(() => {
    const x = tensor([1, 2, 3]);
    expect(x.shape).toEqual([3]);
    inside.push(x, x.mul(x));
    return inside[1]!.sum();
  }, "squares");
  expect(total.item()).toBe(14);
  expect(live()).toBe(before + 1);
  expect(() => inside[0]!.add(1)).toThrow(
    'tensor [3] was freed by "squares"; return it from that scope to keep it',
  );
  expect(() => inside[1]!.add(1)).toThrow('tensor of unknown shape was freed by "squares"'); // nobody asked for it
  expect(() => cat(inside)).toThrow('was freed by "squares"');
});

test.each<[string, (x: Tensor) => unknown]>([
  ["an array", (x) => [x]],
  ["a plain object", (x) => ({ deep: { x } })],
  ["a map's value", (x) => new Map([["x", x]])],
  ["a set", (x) => new Set([x])],
  ["a cycle of objects", (x) => Object.assign([] as unknown[], { 0: x }) && cycle(x)],
])("%s in the result keeps its tensor alive", (_, hold) => {
  let held: Tensor | undefined;
  scope(() => {
    held = zeros([2]);
    return hold(held);
  });
  expect(held!.numbers()).toEqual([0, 0]);
  held!.dispose();
});

function cycle(x: Tensor): object {
  const a: Record<string, unknown> = { x };
  a.self = a;
  return a;
}

test("a result of an inner scope dies with the outer one", () => {
  const before = live();
  scope(() => {
    const inner = scope(() => zeros([2]).add(1));
    expect(live()).toBe(before + 1);
    expect(inner.numbers()).toEqual([1, 1]);
  });
  expect(live()).toBe(before);
});

test("a throw frees what was made, and the scope around goes on owning", () => {
  const before = live();
  scope(() => {
    expect(() =>
      scope(() => {
        zeros([5]).add(1);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(live()).toBe(before);
    zeros([1]); // owned by the outer scope again
  });
  expect(live()).toBe(before);
});

test("a body that returns a promise is refused, and what it made is freed", () => {
  const before = live();
  expect(() => scope(async () => zeros([1]), "later")).toThrow(UsageError);
  expect(() => scope(() => Promise.resolve(zeros([1])), "later")).toThrow('scope "later"');
  expect(live()).toBe(before);
});

test("what such a body still throws is not the process's end", async () => {
  const body = async () => {
    const x = zeros([1]);
    await null;
    return x.sum().item(); // freed by now
  };
  expect(() => scope(body)).toThrow(UsageError);
  await new Promise(setImmediate); // an unhandled rejection would end the run here
});

test("disposing twice is harmless, and using frees at the end of the block", () => {
  const x = zeros([3]);
  x.dispose();
  x.dispose();
  expect(() => x.shape).toThrow('was freed by "dispose()"');
  const before = live();
  {
    using y = zeros([3]);
    expect([y.numel, live()]).toEqual([3, before + 1]);
  }
  expect(live()).toBe(before);
});

test("what is disposed inside a scope is not freed again by it", () => {
  using other = scope(() => {
    zeros([1]).dispose();
    return zeros([2]); // may take the slot that was freed
  });
  expect(other.numbers()).toEqual([0, 0]);
});

test("keep takes a tensor out of the scope that owns it, however far out that is", async () => {
  let kept: Tensor | undefined;
  scope(() => {
    const x = zeros([2]);
    scope(() => scope(() => keep(x)) && undefined);
    kept = x;
  });
  expect(kept!.numbers()).toEqual([0, 0]);
  kept!.dispose();
  kept = undefined;
  await collectGarbage(); // a tensor with two owners would be freed twice here
});

test("the finaliser frees a tensor that JavaScript has forgotten", async () => {
  const before = live();
  (() => {
    for (let i = 0; i < 10; i++) zeros([1000]);
  })();
  expect(live()).toBe(before + 10);
  await collectGarbage(() => live() === before);
  expect(live()).toBe(before);
});

test("memory counts handles, and bytes of distinct storages once", () => {
  const before = memory();
  using x = zeros([10, 10]);
  using row = x.select(0, 3);
  using wide = x.to("float64");
  const { tensors, bytes } = memory();
  expect(tensors - before.tensors).toBe(3);
  expect(bytes - before.bytes).toBe(100 * 4 + 100 * 8);
  expect([row.numel, wide.dtype]).toEqual([10, "float64"]);
});
