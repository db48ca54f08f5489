/** @file A page whose code is fetched when it is first opened. */

import type { ComponentType } from "preact";
import { useFetched } from "./fetched.ts";
import { Problem, Waiting } from "./views/state.tsx";

export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loading: Promise<ComponentType<P>> | undefined;
  const once = () => {
    loading ??= load();
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  return (props) => {
    // a component is a function, which a state would call
    const { value, error } = useFetched(async () => ({ View: await once() }), "code");
    if (error !== undefined) return <Problem>This page cannot be loaded: {error}</Problem>;
    return value === undefined ? <Waiting what="the page" /> : <value.View {...props} />;
  };
}
