/** @file The commands: names and one-line descriptions for the help, and where each is defined, loaded only when it is called. */
import type { Command } from "commander";

export interface CommandEntry {
  name: string;
  usage: string;
  about: string;
  /** It opens data sets, texts or files of features: it has `--unpack-limit`. */
  reads?: true;
  /** It reads recipes or runs, or lists what they can name: it has `--plugin`. */
  plugs?: true;
  /** Adds arguments, flags, help and action to the command. */
  load: () => Promise<(command: Command) => void>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: "train",
    usage: "RECIPE [flags]",
    about: "train a model by a recipe, with metrics, checkpoints and resume",
    reads: true,
    plugs: true,
    load: async () => (await import("./train.ts")).trainCommand,
  },
  {
    name: "launch",
    usage: "[flags] -- train RECIPE [flags]",
    about: "train one model by several processes, on one machine or more",
    load: async () => (await import("./launch.ts")).launchCommand,
  },
  {
    name: "sweep",
    usage: "RECIPE --set KEY=V1,V2 [flags]",
    about: "train by several settings and seeds; choose by the validation split",
    reads: true,
    plugs: true,
    load: async () => (await import("./sweep.ts")).sweepCommand,
  },
  {
    name: "eval",
    usage: "RUN [flags]",
    about: "evaluate a checkpoint as the paper of its method does",
    reads: true,
    plugs: true,
    load: async () => (await import("./eval.ts")).evalCommand,
  },
  {
    name: "inspect",
    usage: "RUN|FILE [flags]",
    about: "measure every layer of a run, or list the tensors of a file of weights",
    reads: true,
    plugs: true,
    load: async () => (await import("./inspect.ts")).inspectCommand,
  },
  {
    name: "reconstruct",
    usage: "RUN [flags]",
    about: "draw images beside their reconstructions",
    reads: true,
    plugs: true,
    load: async () => (await import("./reconstruct.ts")).reconstructCommand,
  },
  {
    name: "segment",
    usage: "MODEL IMAGE|FOLDER [flags]",
    about: "segment images from attention or patch features; score against masks",
    plugs: true,
    load: async () => (await import("./segment.ts")).segmentCommand,
  },
  {
    name: "sample",
    usage: "RUN [flags]",
    about: "draw images with a trained decoder: per class, along principal components, between images",
    reads: true,
    plugs: true,
    load: async () => (await import("./sample.ts")).sampleCommand,
  },
  {
    name: "generate",
    usage: "RUN [flags]",
    about: "write text with a language model",
    reads: true,
    plugs: true,
    load: async () => (await import("./generate.ts")).generateCommand,
  },
  {
    name: "fidelity",
    usage: "RUN|FILE [flags]",
    about: "Fréchet distance between generated and real images",
    reads: true,
    plugs: true,
    load: async () => (await import("./fidelity.ts")).fidelityCommand,
  },
  {
    name: "features",
    usage: "RUN|FOLDER --output FILE [flags]",
    about: "export the features of a run, or of a folder of images, to a file",
    reads: true,
    plugs: true,
    load: async () => (await import("./features.ts")).featuresCommand,
  },
  {
    name: "search",
    usage: "FEATURES ROW [flags]",
    about: "list the rows of a features file most similar to one row, by cosine",
    reads: true,
    load: async () => (await import("./search.ts")).searchCommand,
  },
  {
    name: "cluster",
    usage: "FEATURES --clusters N [flags]",
    about: "cluster the rows of a features file, and name the clusters",
    reads: true,
    load: async () => (await import("./cluster.ts")).clusterCommand,
  },
  {
    name: "verify",
    usage: "[CLAIM...] [flags]",
    about: "check the theory's claims by experiments: expected, measured, verdict, figure",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    name: "convert",
    usage: "IN OUT",
    about: "convert weights of PyTorch or of a run to safetensors; executes nothing in them",
    load: async () => (await import("./convert.ts")).convertCommand,
  },
  {
    name: "export",
    usage: "RUN|FILE... --output PATH [flags]",
    about: "write a network as ONNX, for the hub or for transformers.js; verified after writing",
    reads: true,
    plugs: true,
    load: async () => (await import("./export.ts")).exportCommand,
  },
  {
    name: "studio",
    usage: "[FOLDER] [flags]",
    about: "open a page over runs: watch them train, look into every layer, compare them",
    plugs: true,
    load: async () => (await import("./studio.ts")).studioCommand,
  },
  {
    name: "data",
    usage: "ls|get|show",
    about: "list, download and summarise data sets",
    reads: true,
    plugs: true,
    load: async () => (await import("./data.ts")).dataCommand,
  },
  {
    name: "models",
    usage: "ls|show",
    about: "list architectures, their sizes and parameter counts",
    plugs: true,
    load: async () => (await import("./models.ts")).modelsCommand,
  },
  {
    name: "recipes",
    usage: "ls|show",
    about: "list and print the shipped recipes",
    load: async () => (await import("./recipes.ts")).recipesCommand,
  },
  {
    name: "runs",
    usage: "ls",
    about: "list runs, the newest first",
    load: async () => (await import("./runs.ts")).runsCommand,
  },
  {
    name: "setup",
    usage: "[flags]",
    about: "find or download libtorch, and build the addon",
    load: async () => (await import("./setup.ts")).setupCommand,
  },
  {
    name: "doctor",
    usage: "[flags]",
    about: "check what this machine supports, and what is missing",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
  {
    name: "config",
    usage: "print|check|keys",
    about: "print a recipe with all its settings and their origins; check a file; list the keys",
    plugs: true,
    load: async () => (await import("./config.ts")).configCommand,
  },
  {
    name: "completion",
    usage: "bash|zsh|fish",
    about: "print a script that completes commands, flags and recipes in a shell",
    load: async () => (await import("./completion.ts")).completionCommand,
  },
];
