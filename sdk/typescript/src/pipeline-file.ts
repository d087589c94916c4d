// What `apply` makes of a file or a text: alias, text, and where its scripts are. By the rules of the command `downbeat apply`.

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";

/** As the server has it. */
const SOURCE_BYTES_MAX = 4 * 1024 * 1024;

/** A pipeline to be applied. */
export interface Source {
  readonly alias: string;
  readonly source: string;
  readonly fileName: string;
  readonly sourceRoot: string;
}

/** A path, or, where a string has more than one line, the text itself, which needs an alias. */
export async function sourceOf(given: string, alias = ""): Promise<Source> {
  if (given.includes("\n")) {
    if (alias === "") throw new TypeError('a pipeline that is given as text needs an alias: apply(text, { alias: "..." })');
    return { alias, source: given, fileName: "", sourceRoot: "" };
  }
  const { size } = await stat(given);
  if (size > SOURCE_BYTES_MAX) throw new RangeError(`${given}: ${size} bytes; at most ${SOURCE_BYTES_MAX} are allowed`);
  const source = await readFile(given, "utf8");
  return { alias: alias || aliasOf(given), source, fileName: given, sourceRoot: sourceRoot(given) };
}

/** The file's name in lower case, other runs of characters as `_`; a file called `pipeline` takes its folder's name. */
export function aliasOf(file: string): string {
  const stem = basename(file, extname(file));
  const folder = basename(dirname(resolve(file)));
  const name = stem.toLowerCase() === "pipeline" && folder !== "" ? folder : stem;
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "pipeline";
}

/** The repository that holds the file (the nearest folder above it with a `.git`), else the file's own folder. */
export function sourceRoot(file: string): string {
  const folder = dirname(resolve(file));
  for (let above = folder; ; above = dirname(above)) {
    if (existsSync(join(above, ".git"))) return above;
    if (above === dirname(above)) return folder;
  }
}
