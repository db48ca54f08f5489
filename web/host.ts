/** @file Who serves the page: `<div id="app" data-host="studio">`. */

/** `studio`: a server with an API; `files`: a folder of several runs; `run`: files of one run, or all of it in the page. */
export type Host = "studio" | "files" | "run";

const told = document.getElementById("app")?.dataset.host;
export const host: Host = told === "studio" || told === "files" ? told : "run";
