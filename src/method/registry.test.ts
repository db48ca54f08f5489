import { expect, test } from "vitest";
import { methodEntry, registerMethod } from "./registry.ts";

test("methods come before the first recipe is read, each under a name of its own", () => {
  const late = () => registerMethod("late", methodEntry("probe") as never);
  expect(() => registerMethod("probe", {} as never)).toThrow('method "probe" is there already');
  expect(late).toThrow('method: "late" comes late; register methods before the first recipe is read');
});
