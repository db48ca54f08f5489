/** @file One picture through both networks, opened when the reader comes to it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { later } from "../later.tsx";
import type { Both } from "./both.ts";

const TwoModels = later(async () => (await import("../views/two-models.tsx")).TwoModels);

export function OnePicture({ a, b }: Both) {
  const place = useRef<HTMLElement>(null);
  const [isSeen, see] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry!.isIntersecting && see(true), {
      rootMargin: "200px",
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const without = [a, b].filter(({ detail }) => detail!.noModel !== undefined && !detail!.isLarge);
  return (
    <section ref={place} aria-labelledby="picture">
      <h2 id="picture">One picture through both</h2>
      {without.map(({ id, name, detail }) => (
        <p key={id} class="note">
          {name} is not shown: {detail!.noModel}
        </p>
      ))}
      {without.length === 0 && isSeen && <TwoModels a={a} b={b} />}
    </section>
  );
}
