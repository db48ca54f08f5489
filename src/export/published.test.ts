import { expect, test } from "vitest";
import { published } from "./published.ts";

test("what is published of a recipe says nothing of this machine's folders", () => {
  const recipe = { name: "cats", data: { name: "folder:/photos/cats", dir: "/data", workers: 2 }, seed: 1 };
  expect(published(recipe)).toEqual({ name: "cats", data: { name: "folder:cats", workers: 2 }, seed: 1 });
  const texts = { data: { name: "/texts/notes.txt", tokenizer: "tokens/gpt2.json" } };
  expect(published(texts)).toEqual({ data: { name: "notes.txt", tokenizer: "tokens/gpt2.json" } });
  expect(published({ data: { name: "cifar10" } })).toEqual({ data: { name: "cifar10" } });
  expect(published({ name: "none" })).toEqual({ name: "none" });
});
