/** @file `vitrine completion`: a script for the shell, with the words of this version in it. */
import { Argument, type Command } from "commander";
import { recipeNames } from "../recipe/recipes.ts";
import { program } from "./program.ts";
import { print } from "./terminal.ts";

const examples = `
Examples:
  $ source <(vitrine completion bash)             # in ~/.bashrc
  $ source <(vitrine completion zsh)              # in ~/.zshrc, after compinit
  $ vitrine completion fish > ~/.config/fish/completions/vitrine.fish`;

/** What can follow a command: `train` → recipes and flags, `data` → its verbs. */
export interface Words {
  /** The command, with its verb if it has one: `config print`. */
  command: string;
  words: readonly string[];
}

export function completionCommand(command: Command): void {
  command
    .addArgument(new Argument("<shell>", "shell").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", examples)
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const words = completionWords(await program([], true));
      print(shell === "fish" ? fish(words) : bash(words, shell));
    });
}

/** The words that can follow each command, the program itself first. */
export function completionWords(root: Command): Words[] {
  const takesRecipe = new Set(["train", "sweep", "config print", "recipes show"]);
  const list: Words[] = [{ command: "", words: root.commands.map((command) => command.name()) }];
  for (const command of root.commands) {
    const verbs = command.commands.map((verb) => verb.name());
    list.push({ command: command.name(), words: [...verbs, ...following(command, command.name())] });
    for (const verb of command.commands) {
      const name = `${command.name()} ${verb.name()}`;
      list.push({ command: name, words: following(verb, name) });
    }
  }
  return list;

  function following(command: Command, name: string): string[] {
    const flags = command.options.flatMap((option) => (option.long === undefined ? [] : [option.long]));
    return [...(takesRecipe.has(name) ? recipeNames() : []), ...flags, "--help"];
  }
}

/** zsh runs bash's completion functions through bashcompinit. */
function bash(list: readonly Words[], shell: "bash" | "zsh"): string {
  const cases = list.map(({ command, words }) => `    "${command}") words="${words.join(" ")}" ;;`);
  return `${shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : ""}_vitrine() {
  local command="" words="" cur="\${COMP_WORDS[COMP_CWORD]}"
  (( COMP_CWORD > 1 )) && command="\${COMP_WORDS[1]}"
  case "$command" in
    data|models|recipes|runs|config) (( COMP_CWORD > 2 )) && command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command" in
${cases.join("\n")}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$cur") )
}
complete -o default -F _vitrine vitrine`;
}

function fish(list: readonly Words[]): string {
  const lines = list.map(({ command, words }) => {
    const seen = command.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    const when = command === "" ? "__fish_use_subcommand" : seen.join("; and ");
    return `complete -c vitrine -n '${when}' -a '${words.join(" ")}'`;
  });
  return lines.join("\n");
}
