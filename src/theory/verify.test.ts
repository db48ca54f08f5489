import { expect, test } from "vitest";
import { UsageError } from "../tensor/index.ts";
import {
  atLeast,
  atMost,
  between,
  type Claim,
  type Measure,
  near,
  passes,
  recorded,
  short,
} from "./claim.ts";
import { claims } from "./claims.ts";
import { findClaims, verifyClaim, verifyClaims } from "./verify.ts";

const claim = (numbers: Record<string, Measure>, condition?: Claim["condition"]): Claim => ({
  name: "made-up",
  title: "a claim",
  source: "nobody",
  expected: "something",
  ...(condition && { condition }),
  run: () => ({ measured: "it", numbers, plot: { subtitle: "", panels: [] } }),
});

test("a number passes inside its range, ends included, and never when it is not finite", () => {
  expect([atMost(1, 1), atLeast(1, 1), between(1, 0, 2), near(1.1, 1, 0.2), recorded(7)].every(passes)).toBe(
    true,
  );
  const bad = [atMost(1.1, 1), atLeast(0.9, 1), between(3, 0, 2), near(1.3, 1, 0.2), recorded(Number.NaN)];
  expect([...bad, atMost(-Infinity, 1), atLeast(Infinity, 1)].some(passes)).toBe(false);
});

test("the verdict is the claim's own where every number passes, and fails where one does not", () => {
  const where = { kind: "holds where", text: "it is warm" } as const;
  const understood = { kind: "fails as understood", text: "the code differs" } as const;
  expect(verifyClaim(claim({ a: atMost(0, 1) })).verdict).toBe("holds");
  expect(verifyClaim(claim({ a: atMost(0, 1) }, where)).verdict).toBe("holds where it is warm");
  expect(verifyClaim(claim({ a: atMost(0, 1) }, understood)).verdict).toBe(
    "fails as understood: the code differs",
  );
  for (const condition of [undefined, where, understood]) {
    const { verdict, passed } = verifyClaim(claim({ a: atMost(0, 1), b: atMost(2, 1) }, condition));
    expect([verdict, passed]).toEqual(["fails", false]);
  }
});

test.each(claims.map((claim) => [claim.name, claim] as const))(
  "%s comes out as stated, at small sizes",
  (_, claim) => {
    const { passed, verdict, measured } = verifyClaim(claim, { quick: true });
    expect([passed, `${verdict}: ${measured}`]).toEqual([true, `${verdict}: ${measured}`]);
  },
);

test("equal seeds give equal numbers, other seeds others", () => {
  const numbers = (seed: number) => verifyClaims(["softmax-denoiser"], { seed, quick: true })[0]!.numbers;
  expect(numbers(3)).toEqual(numbers(3));
  expect(numbers(3)).not.toEqual(numbers(4));
});

test("claims are found by name, in the registry's order, and a wrong name says which was meant", () => {
  expect(findClaims(["tweedie", "log-det-identity"]).map(({ name }) => name)).toEqual([
    "log-det-identity",
    "tweedie",
  ]);
  expect(findClaims()).toBe(claims);
  expect(() => findClaims(["tweedy"])).toThrow(UsageError);
  expect(() => findClaims(["tweedy"])).toThrow('no claim "tweedy" (did you mean "tweedie"?)');
});

test("every claim has a name of its own in kebab case, a title without a full stop, and what it expects", () => {
  expect(new Set(claims.map(({ name }) => name)).size).toBe(claims.length);
  for (const { name, title, source, expected } of claims) {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(title).not.toMatch(/\.$/);
    expect(source.length * expected.length).toBeGreaterThan(0);
  }
});

test("numbers are written in a few characters", () => {
  expect([0.98661, 12.5, 3.14e-12, 0, 123456789].map(short)).toEqual([
    "0.9866",
    "12.5",
    "3.1e-12",
    "0",
    "1.2e8",
  ]);
});
