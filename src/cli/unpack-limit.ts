/** @file `--unpack-limit` of the commands that read data: what compressed files may become. */
import { type Command, Option } from "commander";
import { setUnpackLimit } from "../base/unpack.ts";
import { wholeNumber } from "./whole-number.ts";

/** Adds the flag to a command, or to each of its verbs. */
export function addUnpackLimit(command: Command): void {
  const verbs = command.commands.length > 0 ? command.commands : [command];
  for (const verb of verbs) {
    const flag = new Option(
      "--unpack-limit <MiB>",
      "memory that a compressed file, a Parquet file or an image may take once unpacked (default: 4 × the file + 64)",
    );
    const set = (text: string) => setUnpackLimit(wholeNumber("--unpack-limit")(text) * 2 ** 20);
    verb.addOption(flag.helpGroup("Limits:").argParser(set));
  }
}
