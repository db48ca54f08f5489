/** @file The commands: names and one-line descriptions for the help, and where each is defined, loaded only when it is called. */
import type { Command } from "commander";

export interface CommandEntry {
  name: string;
  usage: string;
  about: string;
  /** Adds arguments, flags, help and action to the command. */
  load: () => Promise<(command: Command) => void>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: "train",
    usage: "RECIPE [flags]",
    about: "train a model, with progress, metrics, checkpoints and resume",
    load: async () => (await import("./train.ts")).trainCommand,
  },
  {
    name: "eval",
    usage: "RUN [flags]",
    about: "the scores of a run's checkpoint, as its method's paper evaluates",
    load: async () => (await import("./eval.ts")).evalCommand,
  },
  {
    name: "inspect",
    usage: "RUN|FILE [flags]",
    about: "measure every layer of a run, or list the tensors of a file",
    load: async () => (await import("./inspect.ts")).inspectCommand,
  },
  {
    name: "reconstruct",
    usage: "RUN [flags]",
    about: "images beside what a model makes of them, as a picture",
    load: async () => (await import("./reconstruct.ts")).reconstructCommand,
  },
  {
    name: "segment",
    usage: "MODEL IMAGE|FOLDER [flags]",
    about: "what a model's patches show of the objects in images, and how well",
    load: async () => (await import("./segment.ts")).segmentCommand,
  },
  {
    name: "sample",
    usage: "RUN [flags]",
    about: "pictures that a closed loop draws: of each class, along its components, between images",
    load: async () => (await import("./sample.ts")).sampleCommand,
  },
  {
    name: "generate",
    usage: "RUN [flags]",
    about: "text that a language model writes after a prompt",
    load: async () => (await import("./generate.ts")).generateCommand,
  },
  {
    name: "fidelity",
    usage: "RUN|FILE [flags]",
    about: "how like real images those are that a run draws",
    load: async () => (await import("./fidelity.ts")).fidelityCommand,
  },
  {
    name: "features",
    usage: "RUN|FOLDER|FILE [flags]",
    about: "write what an encoder makes of images to a file, or search such a file",
    load: async () => (await import("./features.ts")).featuresCommand,
  },
  {
    name: "cluster",
    usage: "FEATURES [flags]",
    about: "put the points of a features file in groups, and name the groups",
    load: async () => (await import("./cluster.ts")).clusterCommand,
  },
  {
    name: "verify",
    usage: "[CLAIM...] [flags]",
    about: "the theory's claims as experiments: expected, measured, verdict, a figure each",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    name: "convert",
    usage: "IN OUT",
    about: "weights of PyTorch or of a run as a safetensors file; nothing in them is executed",
    load: async () => (await import("./convert.ts")).convertCommand,
  },
  {
    name: "data",
    usage: "ls|get|show",
    about: "data sets: list, fetch, look at",
    load: async () => (await import("./data.ts")).dataCommand,
  },
  {
    name: "models",
    usage: "ls|show",
    about: "architectures, their sizes and parameter counts",
    load: async () => (await import("./models.ts")).modelsCommand,
  },
  {
    name: "recipes",
    usage: "ls|show",
    about: "recipes shipped with vitrine",
    load: async () => (await import("./recipes.ts")).recipesCommand,
  },
  {
    name: "setup",
    usage: "[flags]",
    about: "find or fetch libtorch, and build the addon for it",
    load: async () => (await import("./setup.ts")).setupCommand,
  },
  {
    name: "doctor",
    usage: "[flags]",
    about: "what this machine can do, and what is missing",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
  {
    name: "config",
    usage: "print|check|keys",
    about: "a recipe as resolved, with the origin of each value",
    load: async () => (await import("./config.ts")).configCommand,
  },
  {
    name: "completion",
    usage: "bash|zsh|fish",
    about: "a script that completes commands, flags and recipes",
    load: async () => (await import("./completion.ts")).completionCommand,
  },
];
