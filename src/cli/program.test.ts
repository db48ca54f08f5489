import { expect, test } from "vitest";
import { commands } from "./commands.ts";
import { program, spellBooleans } from "./program.ts";

test("only the command that is called is defined", async () => {
  const root = await program(["eval", "runs/train"]);
  const defined = root.commands.filter((command) => command.registeredArguments.length > 0);
  expect(defined.map((command) => command.name())).toEqual(["eval"]);
});

test("every command and every verb has a description, an example and a help", async () => {
  const root = await program([], true);
  expect(root.commands.map((command) => command.name())).toEqual(commands.map(({ name }) => name));
  for (const command of root.commands) {
    for (const verb of command.commands.length > 0 ? command.commands : [command]) {
      let help = "";
      verb.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(verb.description(), verb.name()).not.toBe("");
      expect(help, verb.name()).toMatch(/Examples?:\n {2}\$ .*vitrine /);
    }
  }
});

test("booleans can be written with = and a value, where the flag is one", async () => {
  const root = await program(["config"]);
  const args = ["config", "print", "digits", "--train.deterministic=true", "--data.augment.flip=false"];
  expect(spellBooleans(root, [...args, "--about=true"])).toEqual([
    ...["config", "print", "digits", "--train.deterministic", "--no-data.augment.flip"],
    "--about=true",
  ]);
});
