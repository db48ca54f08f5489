/** @file What this process says on stderr. */

/** Runs `body`; the lines that were written on stderr meanwhile, which do not appear. */
export async function said(body: () => Promise<unknown>): Promise<string[]> {
  const { write } = process.stderr;
  let text = "";
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  };
  try {
    await body();
  } finally {
    process.stderr.write = write;
  }
  return text.split("\n").slice(0, -1);
}
