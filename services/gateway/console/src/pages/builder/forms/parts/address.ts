/** A part of the document in the address of the page: `sensors/landed/checks/rows`. */
import type { Path, Step } from '../../edit/tree';
import { shapeAt, treeAt, type Known } from '../../schema/known';
import { isPart } from './said';

export const writtenPart = (path: Path | undefined): string | undefined => (path && path.length > 0 ? path.map((step) => encodeURIComponent(step)).join('/') : undefined);

/** The part that an address names below a place of the document; undefined = there is none (any more). */
export function readPart(known: Known, base: Path, written: string | null): Path | undefined {
  if (!written) return undefined;
  const path: Step[] = [...base];
  for (const piece of written.split('/')) {
    let step: string;
    try {
      step = decodeURIComponent(piece);
    } catch {
      return undefined;
    }
    path.push(shapeAt(known, path)?.items && /^\d{1,6}$/.test(step) ? Number(step) : step);
  }
  if (!isPart(known, path)) return undefined;
  return path.length === 1 || treeAt(known.pipeline.fields, path) !== undefined ? path : undefined;
}
