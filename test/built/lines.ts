/** @file Every command line that help texts and documents show, as a shell takes it. */

import { blocks, commands, pages } from "../markdown.ts";

/** A line for a shell, and where it stands. */
export interface Line {
  line: string;
  places: string[];
}

/** Words that stand for something of the reader's, by what stands before them. */
const STANDS_FOR: readonly [RegExp, string][] = [
  [/\bruns\/NAME\b/g, "runs/first"],
  [/\b(data get) NAME\b/g, "$1 cifar10"],
  [/\b(verify) NAME\b/g, "$1 tweedie"],
  [/\b(data tokenize) FILES… --tokenizer FILE\b/g, "$1 openwebtext --tokenizer gpt2/tokenizer.json"],
  [/\bRECIPE\b/g, "digits"],
  [/\bRUN\b/g, "runs/first"],
  [/\bMODEL\b/g, "crate-base-8.pth"],
  [/\b(?:PHOTOS|IMAGES)\b(?:\|TEXT)?/g, "photos"],
  [/\bFILE\b/g, "crate-base-8.pth"],
  [/\bMASKS\b/g, "labels"],
];

/** The line with `vitrine` itself in place of what starts it, and without placeholders. */
function spelled(line: string): string {
  const bare = line.replace(/^((?:[A-Z_]+=\S+ )*)(?:npm run vitrine --|npx vitrine)(?= )/, "$1vitrine");
  return STANDS_FOR.reduce((text, [pattern, value]) => text.replaceAll(pattern, value), bare);
}

const isOurs = (line: string): boolean => /^([A-Z_]+=\S+ )*vitrine [a-z]|^source <\(vitrine /.test(line);

/** Lines after `$ ` in a help text; what follows two spaces explains them. */
const inHelp = (text: string): string[] =>
  [...text.matchAll(/^\s+(?:\$ )?((?:[A-Z_]+=\S+ )?(?:vitrine|npx vitrine|source <\(vitrine) .*)$/gm)].map(
    ([, line]) => line!.replace(/\s{2,}.*$/, "").trim(),
  );

/** Lines of a page: those `commands` finds, and those that begin with the program in blocks of any kind. */
function inPage(text: string): string[] {
  const plain = blocks(text)
    .filter(({ language }) => language === "")
    .flatMap(({ code }) => code.split("\n").filter((line) => /^(npx )?vitrine /.test(line)));
  return [...commands(text), ...plain];
}

/** Pages of forms (COMMAND [flags]), and of what was done or measured once. */
const REPORTS = /(^docs\/(cli|results|LOG|extend)|CHANGELOG)\.md$/;

/** The lines of these help texts and of all pages, each once, in the order in which they are met. */
export function allLines(help: ReadonlyMap<string, string>): Line[] {
  const found = new Map<string, string[]>();
  const add = (line: string, place: string): void => {
    const text = spelled(line);
    if (isOurs(text)) found.set(text, [...(found.get(text) ?? []), place]);
  };
  for (const { path, text } of pages())
    if (!REPORTS.test(path)) for (const line of inPage(text)) add(line, path);
  for (const [command, text] of help) for (const line of inHelp(text)) add(line, `${command} --help`);
  return [...found].map(([line, places]) => ({ line, places: [...new Set(places)] }));
}
