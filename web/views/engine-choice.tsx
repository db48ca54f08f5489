/** @file What runs the network, how long a pass takes, and the other engines that there are. */

import { useEffect, useState } from "preact/hooks";
import { go, view } from "../address.ts";
import { type EngineName, runtimeFolder } from "../engine/choose.ts";
import { host } from "../host.ts";
import type { Session } from "../session.ts";

const NAMES: Readonly<Record<EngineName, string>> = {
  auto: "as the page chooses",
  page: "interpreter in the page",
  worker: "interpreter in a worker",
  onnxruntime: "onnxruntime-web",
  libtorch: "libtorch",
};

export function EngineChoice({ session, ms }: { session: Session; ms: number }) {
  const engine = session.engine.value;
  return (
    <p>
      One forward pass of all layers, in {engine?.name ?? "…"}: {ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms.
      {ms > 200 && !engine?.isAside && " That is slow: this network is large for a page."}
      {host === "studio" && (
        <>
          {" "}
          <Others session={session} />
        </>
      )}
    </p>
  );
}

function Others({ session }: { session: Session }) {
  const [hasRuntime, set] = useState(false);
  useEffect(() => void runtimeFolder().then((folder) => set(folder !== undefined)), []);
  const inPage = session.graph !== undefined;
  const isThere: Readonly<Record<EngineName, boolean>> = {
    ...{ auto: true, page: inPage, worker: inPage, onnxruntime: inPage && hasRuntime, libtorch: true },
  };
  const names = (Object.keys(NAMES) as EngineName[]).filter((name) => isThere[name]);
  return (
    <label class="engine">
      Run it by{" "}
      <select
        value={view.value.engine}
        onChange={({ currentTarget }) => go({ engine: currentTarget.value as EngineName })}
      >
        {names.map((name) => (
          <option key={name} value={name} selected={name === view.value.engine}>
            {NAMES[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
