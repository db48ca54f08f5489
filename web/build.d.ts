/** @file What the build decides. */

/** Pages over several runs and of a server; an exported page of one run is built without them. */
declare const STUDIO: boolean;
