import type { Studio } from "../source/source.ts";
export function Theory({ studio }: { studio: Studio }) {
  void studio;
  return null;
}
