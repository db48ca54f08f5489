import type { RunHere } from "../source/source.ts";
export function Train({ run }: { run: RunHere }) {
  void run;
  return null;
}
