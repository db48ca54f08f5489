/** @file The end of the address that the studio printed, which lets this page ask its libtorch. */

/** The token becomes a cookie, and goes from the address, so that it is in no link that is passed on. */
export async function admit(): Promise<void> {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token === undefined) return;
  history.replaceState(null, "", "#/");
  const response = await fetch("api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (response.ok) return;
  const { error } = (await response.json().catch(() => ({}))) as { error?: string };
  throw new Error(error ?? `the studio says ${response.status}.`);
}
