import { expect, test } from "vitest";
import { Overtaken } from "./engine/engine.ts";
import { Newest } from "./newest.ts";

test("of questions that wait only the newest is asked, and an error is told to the one who asked", async () => {
  const asked: number[] = [];
  const questions = new Newest(async (n: number) => {
    asked.push(n);
    await Promise.resolve();
    if (n === 3) throw new Error("three");
    return 10 * n;
  });
  const answers = await Promise.allSettled([1, 2, 3].map((n) => questions.run(n)));
  expect(asked).toEqual([1, 3]);
  expect(answers[0]).toEqual({ status: "fulfilled", value: 10 });
  expect((answers[1] as PromiseRejectedResult).reason).toBeInstanceOf(Overtaken);
  expect(answers[2]).toEqual({ status: "rejected", reason: new Error("three") });
  expect(await questions.run(4)).toBe(40);
});
