import type { Studio } from "../source/source.ts";
export function Runs({ studio }: { studio: Studio }) {
  void studio;
  return null;
}
