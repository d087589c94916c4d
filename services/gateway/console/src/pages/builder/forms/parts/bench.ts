/** What every form of a part works with: the document, what is known beside it, what the server says, and the way to other parts. */
import type { Diagnostic } from '../../../../api/source';
import { t } from '../../../../i18n';
import { setPart, takePart } from '../../edit/parts';
import type { Path, Tree } from '../../edit/tree';
import { treeAt, type Known } from '../../schema/known';
import type { Draft } from '../../state/useDraft';
import { pathText, stays } from './said';

export interface Bench {
  draft: Draft;
  known: Known;
  diagnostics: readonly Diagnostic[];
  denied?: string;
  /** Opens the form of a part; none = that of the task or pipeline that it belongs to. */
  open: (path: Path | undefined) => void;
}

export const valueOf = (bench: Bench, path: Path): Tree | undefined => treeAt(bench.known.pipeline.fields, path);

/** What undoing says of a field. */
const labelOf = (path: Path): string => t('builder.undo.field', { field: String(path.at(-1)), id: String(path.slice(0, -1).findLast((step) => typeof step === 'string') ?? t('builder.form.pipeline')) });

/** Edits a field by what `make` does; typing on in one field is one step of the history. */
export const editField = (bench: Bench, path: Path, make: (text: string) => string): void => void bench.draft.edit(labelOf(path), make, pathText(path));

/** Gives a field a value; nothing takes it away, with all that is left empty by that. */
export function change(bench: Bench, path: Path, value: Tree | undefined): void {
  const gone = value === undefined || value === null || value === '';
  editField(bench, path, (text) => (gone ? takePart(text, path, stays(bench.known, path)) : setPart(text, path, value)));
}
