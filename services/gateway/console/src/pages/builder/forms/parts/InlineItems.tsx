/** Items of a list that are filled in where they stand: destinations of an alert. */
import { named, t } from '../../../../i18n';
import { Button } from '../../../../parts/Button';
import { addItem, takePart } from '../../edit/parts';
import { resolved, type Path } from '../../edit/tree';
import { shapeAt } from '../../schema/known';
import { valueOf, type Bench } from './bench';
import { NEW_DESTINATION } from './made';
import { saidBelow, stays } from './said';
import { ShapeFields } from './ShapeField';
import css from '../forms.module.css';

interface ItemsProps {
  bench: Bench;
  path: Path;
  label: string;
  hint?: string;
  needed: boolean;
}

export function InlineItems({ bench, path, label, hint, needed }: ItemsProps) {
  const { draft, denied, known } = bench;
  const value = valueOf(bench, path);
  const items = Array.isArray(value) ? value : [];
  const shape = shapeAt(known, [...path, 0]) ?? {};
  const kind = String(path.at(-1));
  const own = saidBelow(bench.diagnostics, path).filter((one) => !items.some((_, at) => saidBelow([one], [...path, at]).length > 0));
  return (
    <div className={css.section} role="group" aria-label={label}>
      <h3>{label}</h3>
      {hint && <p className={css.about}>{hint}</p>}
      {items.map((item, at) => {
        const name = named('builder.word', String(resolved(item).integration ?? '–'));
        return (
          <div key={at} className={css.item} role="group" aria-label={`${named('builder.part.one', kind)} ${at + 1}: ${name}`}>
            <div className={css.fields}>
              <ShapeFields bench={bench} path={[...path, at]} shape={shape} />
            </div>
            <Button small kind="quiet" icon="trash" denied={denied} label={t('builder.remove', { id: name })} onClick={() => draft.edit(t('builder.undo.remove', { id: name }), (text) => takePart(text, [...path, at], stays(known, [...path, at])))} />
          </div>
        );
      })}
      {needed && items.length === 0 && <p className={css.fault}>{t('builder.form.required')}</p>}
      {own.map((one, at) => (
        <p key={at} className={css.fault} lang="en">
          {one.message}
        </p>
      ))}
      <div>
        <Button small icon="plus" denied={denied} onClick={() => draft.edit(t('builder.undo.add', { id: label }), (text) => addItem(text, path, NEW_DESTINATION))}>
          {named('builder.part.add', kind)}
        </Button>
      </div>
    </div>
  );
}
