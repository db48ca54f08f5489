/** @file `vitrine data`: list, download and summarise data sets. */
import type { Command } from "commander";
import type { ImageSource } from "../data/index.ts";
import { grouped, print, printColumns, printJson, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  dataDir?: string;
  baseUrl?: string;
  json?: true;
}

const where = "folder of data sets (default: VITRINE_DATA, else ./data)";

export function dataCommand(command: Command): void {
  command
    .command("ls")
    .usage("[flags]")
    .description("list the data sets")
    .option("--json", "the list as JSON on stdout")
    .addHelpText("after", "\nExample:\n  $ vitrine data ls")
    .action(list);
  command
    .command("get")
    .usage("NAME [flags]")
    .description("download a data set from its official address; resume a download; check its checksums")
    .argument("<name>", "name of a data set")
    .option("--data-dir <dir>", where)
    .option("--base-url <url>", "mirror that has the official files under the same names")
    .addHelpText(
      "after",
      "\nExamples:\n  $ vitrine data get cifar10\n  $ vitrine data get mnist --data-dir ~/data",
    )
    .action(get);
  command
    .command("show")
    .usage("NAME [flags]")
    .description("read a data set; count the images of each class")
    .argument("<name>", "name of a data set")
    .option("--data-dir <dir>", where)
    .option("--json", "the counts as JSON on stdout")
    .addHelpText("after", "\nExample:\n  $ vitrine data show digits")
    .action(show);
  command
    .command("tokenize")
    .usage("FILES… --tokenizer FILE --output FOLDER [flags]")
    .description("text files of any size to a folder of tokens that language recipes read")
    .argument("<files...>", ".txt, .jsonl (also .gz) or .parquet files, or folders of them")
    .requiredOption(
      "--tokenizer <file>",
      "tokenizer.json, GPT-2's .tiktoken, or vocab.bpe beside encoder.json",
    )
    .requiredOption("--output <folder>", "folder for train.bin, val.bin, tokenizer.json and meta.json")
    .option("--field <name>", "field of a line or column of a row that has the text (default: text)")
    .option(
      "--val-share <share>",
      "share of the text measured on, where names do not say val or test (default: 0.0005)",
    )
    .option("--workers <n>", "threads (default: one a core)", wholeNumber("--workers", 1, 256))
    .addHelpText(
      "after",
      "\nExample:\n  $ vitrine data tokenize openwebtext/ --tokenizer gpt2/tokenizer.json --output data/text/openwebtext",
    )
    .action(tokenize);
}

interface TokenizeFlags {
  tokenizer: string;
  output: string;
  field?: string;
  valShare?: string;
  workers?: number;
}

async function tokenize(inputs: readonly string[], flags: TokenizeFlags): Promise<void> {
  const { tokenizeFiles } = await import("../data/text/tokenize.ts");
  const { fileProgress } = await import("../data/fetch/progress.ts");
  const { field, valShare, workers } = flags;
  const meta = await tokenizeFiles({
    ...{ inputs, tokenizer: flags.tokenizer, output: flags.output, progress: fileProgress("tokenizing") },
    ...(field !== undefined && { field }),
    ...(valShare !== undefined && { valShare: Number(valShare) }),
    ...(workers !== undefined && { workers }),
  });
  talk(`${grouped(meta.train)} tokens to learn from, ${grouped(meta.val)} to measure on, ${meta.type}`);
  print(flags.output);
}

async function list({ json }: Options): Promise<void> {
  const { datasets } = await import("../data/sets/registry.ts");
  const sets = datasets();
  if (json) return printJson(sets);
  const known = (n: number) => (n === 0 ? "" : grouped(n));
  const rows = sets.map(({ name, channels, size, classes, count, download, licence, title }) => [
    ...[name, size === 0 ? `${channels} × any` : `${channels} × ${size} × ${size}`, known(classes)],
    ...[known(count.train), known(count.test), download ? "data get" : "", licence, title],
  ]);
  const { TEXTS } = await import("../data/text/text-set.ts");
  for (const { name, licence, title } of TEXTS) rows.push([name, "text", "", "", "", "", licence, title]);
  printColumns(["data set", "image", "classes", "train", "test", "fetch", "licence", "about"], rows);
}

async function get(name: string, { dataDir, baseUrl }: Options): Promise<void> {
  const { getDataset } = await import("../data/fetch/get.ts");
  const { fileProgress } = await import("../data/fetch/progress.ts");
  const { folder, downloaded } = await getDataset(name, {
    ...(dataDir === undefined ? {} : { dir: dataDir }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    progress: fileProgress("fetching"),
    waiting: (holder) => talk(`${holder} is fetching ${name}; waiting for it`),
  });
  talk(downloaded.length === 0 ? "all files are there already" : `downloaded ${downloaded.join(", ")}`);
  print(folder);
}

async function show(name: string, { dataDir, json }: Options): Promise<void> {
  const { openSource } = await import("../data/sets/registry.ts");
  const place = dataDir === undefined ? {} : { dir: dataDir };
  const train = await openSource(name, { ...place, split: "train" });
  const test = await openSource(name, { ...place, split: "test" });
  const counts = { train: perClass(train), test: perClass(test) };
  const { channels, height, width } = train;
  const shape = `${channels} × ${height} × ${width}`;
  if (json) {
    const classes = train.classes.map((label, i) => ({
      label,
      train: counts.train[i],
      test: counts.test[i],
    }));
    printJson({ name: train.name, channels, height, width, train: train.count, test: test.count, classes });
  } else {
    const total = `${grouped(train.count)} training and ${grouped(test.count)} test images`;
    print(`${train.name}: ${total} of ${shape}`);
    printColumns(
      ["class", "train", "test"],
      train.classes.map((label, i) => [label, counts.train[i]!, counts.test[i]!]),
    );
  }
  await Promise.all([train.close(), test.close()]);
}

function perClass({ labels, classes }: ImageSource): number[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = counts[label]! + 1;
  return counts;
}
