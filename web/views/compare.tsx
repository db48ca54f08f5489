import type { Studio } from "../source/source.ts";
export function Compare({ studio }: { studio: Studio }) {
  void studio;
  return null;
}
