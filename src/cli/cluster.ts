/** @file `vitrine cluster`: clusters of the rows of a features file. */
import { type Command, Option } from "commander";
import { csv, type Table } from "../base/csv.ts";
import { inPercent, percent } from "../base/percent.ts";
import { writeOutput } from "../base/write-output.ts";
import type { ClusteredFile, ClusterFileOptions } from "../evaluate/cluster/cluster-file.ts";
import { print, printColumns, printJson } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
Features come from a .npy, .npz, .safetensors, .parquet, .pt or .pth file. CPP, which trains a head first, is a recipe:
  $ vitrine train cpp --data.name features:z.npz --method.clusters 10

Examples:
  $ vitrine cluster z.npz --clusters 10
  $ vitrine cluster z.npz --clusters 10 --method ensc --output clusters.csv
  $ vitrine cluster z.npz --clusters 10 --texts names.parquet`;

interface Options extends ClusterFileOptions {
  output?: string;
  json?: true;
}

export function clusterCommand(command: Command): void {
  command
    .argument("<features>", "features file")
    .requiredOption("--clusters <n>", "number of clusters", wholeNumber("--clusters"))
    .addOption(
      new Option("--method <method>", "clustering algorithm")
        .choices(["k-means", "spectral", "ensc"])
        .default("spectral"),
    )
    .addOption(
      new Option(
        "--points <n>",
        "rows that spectral and ensc cluster; every other row joins the cluster of its nearest",
      )
        .argParser(wholeNumber("--points"))
        .default(4000),
    )
    .option("--features <key>", "name of the array of features (default: found by its usual names)")
    .option(
      "--labels <key>",
      "name of the array of labels to compare with (default: found by its usual names)",
    )
    .option(
      "--texts <file>",
      "features and names of texts, in the same space; the rows of a cluster vote for its name",
    )
    .addOption(seedOption(0))
    .option("--output <file>", "CSV file to write: the cluster of each row")
    .option("--json", "clusters and scores as JSON on stdout, scores in per cent")
    .addHelpText("after", examples)
    .action(async (file: string, { output, json, ...options }: Options) => {
      const { clusterFile } = await import("../evaluate/cluster/cluster-file.ts");
      const found = await clusterFile(file, options);
      if (output !== undefined) writeOutput(output, csv(tableOf(found)));
      const { clusters, agreement } = found;
      if (json) return printJson({ clusters, ...(agreement && { agreement: inPercent({ ...agreement }) }) });
      printColumns(
        ["cluster", "points", "name"],
        clusters.map(({ cluster, points, name }) => [cluster, points, name ?? ""]),
      );
      if (agreement !== undefined) {
        const { accuracy, nmi, ari } = agreement;
        print(`against the labels: accuracy ${percent(accuracy)}, NMI ${percent(nmi)}, ARI ${percent(ari)}`);
      }
    });
}

const tableOf = ({ assigned, names }: ClusteredFile): Table => ({
  columns: ["row", "cluster", ...(names ? ["name"] : [])],
  rows: assigned.map((cluster, row) => [row, cluster, ...(names ? [names[row]] : [])]),
});
