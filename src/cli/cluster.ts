/** @file `vitrine cluster`: the points of a features file in groups. */
import { type Command, Option } from "commander";
import { csv, type Table } from "../base/csv.ts";
import { writeOutput } from "../base/write-output.ts";
import type { ClusteredFile, ClusterFileOptions } from "../evaluate/cluster/cluster-file.ts";
import { print, printColumns, printJson } from "./terminal.ts";
import { seedNumber, wholeNumber } from "./whole-number.ts";

const examples = `
Features are a .npy, .npz, .safetensors, .parquet, .pt or .pth file. CPP, which trains a head first, is a recipe:
  $ vitrine train cpp --data.name features:z.npz --method.clusters 10

Examples:
  $ vitrine cluster z.npz --clusters 10
  $ vitrine cluster z.npz --clusters 10 --by spectral --output clusters.csv
  $ vitrine cluster z.npz --clusters 10 --texts names.parquet`;

interface Options extends Omit<ClusterFileOptions, "method"> {
  by: ClusterFileOptions["method"];
  output?: string;
  json?: true;
}

export function clusterCommand(command: Command): void {
  command
    .argument("<features>", "features file")
    .requiredOption("--clusters <n>", "number of clusters", wholeNumber("--clusters"))
    .addOption(
      new Option("--by <method>", "how").choices(["k-means", "spectral", "ensc"]).default("spectral"),
    )
    .addOption(
      new Option(
        "--points <n>",
        "points that spectral and ensc take at once; others join the nearest one's cluster",
      )
        .argParser(wholeNumber("--points"))
        .default(4000),
    )
    .option("--features <key>", "name of the features in the file; found when not given")
    .option("--labels <key>", "name of the labels, to compare with; found when not given")
    .option(
      "--texts <file>",
      "features of texts with their names, in the same space: clusters are named by votes",
    )
    .addOption(new Option("--seed <n>", "seed of the starts").argParser(seedNumber).default(0))
    .option("--output <file>", "CSV file of each row's cluster")
    .option("--json", "clusters and scores as JSON on stdout")
    .addHelpText("after", examples)
    .action(async (file: string, { by, output, json, ...options }: Options) => {
      const { clusterFile } = await import("../evaluate/cluster/cluster-file.ts");
      const found = await clusterFile(file, { method: by, ...options });
      if (output !== undefined) writeOutput(output, csv(tableOf(found)));
      const { clusters, agreement } = found;
      if (json) return printJson({ clusters, ...(agreement && { agreement }) });
      printColumns(
        ["cluster", "points", "name"],
        clusters.map(({ cluster, points, name }) => [cluster, points, name ?? ""]),
      );
      if (agreement !== undefined) {
        const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
        const { accuracy, nmi, ari } = agreement;
        print(`against the labels: accuracy ${percent(accuracy)}, NMI ${percent(nmi)}, ARI ${percent(ari)}`);
      }
    });
}

const tableOf = ({ assigned, names }: ClusteredFile): Table => ({
  columns: ["row", "cluster", ...(names ? ["name"] : [])],
  rows: assigned.map((cluster, row) => [row, cluster, ...(names ? [names[row]] : [])]),
});
