import type { RunHere } from "../source/source.ts";
export function Layers({ run }: { run: RunHere }) {
  void run;
  return null;
}
