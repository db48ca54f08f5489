/** @file Set-up at work: one at a time, and what a folder or a disk refuses is one line. */

import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { isClone, place } from "./place.mjs";
import { stop } from "./run.mjs";

/** Runs a part of set-up as a script does: alone, and ending with one line where it cannot write. */
export async function atWork(body) {
  try {
    return await alone(place, body);
  } catch (error) {
    const { code, path, message } = error;
    if (!/^(EACCES|EPERM|EROFS|ENOSPC|EDQUOT|ENOTDIR|EEXIST)$/.test(code)) throw error;
    const where = isClone ? "make this checkout writable" : "set VITRINE_HOME to a folder of yours";
    const remedy = /ENOSPC|EDQUOT/.test(code) ? "free space there" : where;
    stop(`set-up cannot write ${path ?? message} (${code}); ${remedy}, then run it again`, 7);
  }
}

/**
 * Runs `body` while no other process does so for the same folder. The lock is a name in Linux' abstract sockets, not a
 * file: the system gives it back however its owner ends, and nothing is left to be deleted.
 */
async function alone(folder, body) {
  const name = `\0vitrine-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`;
  let lock = await listen(name);
  if (lock === undefined) process.stderr.write(`another set-up works on ${folder}; waiting for it\n`);
  while (lock === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    lock = await listen(name);
  }
  try {
    return await body();
  } finally {
    lock.close();
  }
}

/** A server of that name; undefined while another process has it. */
function listen(name) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", (error) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}
