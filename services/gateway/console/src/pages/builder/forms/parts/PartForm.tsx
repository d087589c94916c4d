/** A part of a pipeline or task in a form of its own, as its shape says: an input, a sensor, a check, an alert. */
import { useEffect, useRef, useState } from 'react';
import { named, t } from '../../../../i18n';
import { Button } from '../../../../parts/Button';
import { Confirm } from '../../../../parts/Dialog';
import { Icon } from '../../../../parts/Icon';
import { inputNamedBy, renameInput, renamePart, takePart } from '../../edit/parts';
import { Refusal } from '../../edit/refusal';
import type { Path } from '../../edit/tree';
import { shapeAt } from '../../schema/known';
import { refusalWords } from '../../state/useDraft';
import { TextField } from '../fields';
import type { Bench } from './bench';
import { partAround, saidOfNone, stays } from './said';
import { ShapeFields } from './ShapeField';
import { kindOf, summaryOf } from './summary';
import css from '../forms.module.css';

interface PartProps {
  bench: Bench;
  path: Path;
  /** How many steps lead to the task or pipeline that it is of, and what that is called. */
  from: number;
  owner: string;
  /** Somebody has just opened it: the keyboard goes on here. */
  taken: boolean;
  showInText: () => void;
}

export function PartForm({ bench, path, from, owner, taken, showInText }: PartProps) {
  const { known, diagnostics, denied, open } = bench;
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (taken) head.current?.focus();
  }, []);
  const shape = shapeAt(known, path) ?? {};
  const { title } = summaryOf(known, path);
  const kind = kindOf(path);
  const above = partAround(known, path.slice(0, -1), from);
  const isNamed = shapeAt(known, path.slice(0, -1))?.values !== undefined;
  const removable = path.length > from + 1;
  const about = named('builder.part.one', kind);
  const rest = saidOfNone(diagnostics, path, Object.keys(shape.properties ?? {}));
  return (
    <section aria-label={`${about} ${title}`}>
      <header className={css.head}>
        <Button small kind="quiet" icon="left" label={t('builder.part.back', { name: above ? summaryOf(known, above).title : owner })} onClick={() => open(above)} />
        <h2 ref={head} tabIndex={-1}>
          {title}
        </h2>
        {title !== about && <p>{about}</p>}
        <Button small kind="quiet" icon="code" label={t('builder.showInText')} onClick={showInText} />
        {removable && <RemovePart bench={bench} path={path} title={title} done={() => open(above)} />}
      </header>
      <div className={css.form}>
        {rest.map((one, at) => (
          <div key={at} className={`${css.problem} ${one.severity === 'ERROR' ? '' : css.warning}`}>
            <Icon name={one.severity === 'ERROR' ? 'cross' : 'warning'} size={14} />
            <span lang="en">{one.message}</span>
          </div>
        ))}
        <ShapeFields bench={bench} path={path} shape={shape} first={isNamed && <NameOf bench={bench} path={path} readOnly={denied !== undefined} />} />
      </div>
    </section>
  );
}

const isInput = (path: Path) => path.length === 2 && path[0] === 'inputs';

function NameOf({ bench, path, readOnly }: { bench: Bench; path: Path; readOnly: boolean }) {
  const { draft, open } = bench;
  const name = String(path.at(-1));
  const rename = (text: string, next: string) => (isInput(path) ? renameInput(text, name, next) : renamePart(text, path, next));
  const change = (given: string): string | undefined => {
    const next = given.trim();
    if (next === name) return undefined;
    try {
      // Asked first, so that what is refused is said at the field.
      rename(draft.text, next);
    } catch (thrown) {
      if (thrown instanceof Refusal) return refusalWords(thrown);
      throw thrown;
    }
    draft.edit(t('builder.undo.rename', { id: name, next }), (text) => rename(text, next));
    open([...path.slice(0, -1), next]);
    return undefined;
  };
  return <TextField label={t(isInput(path) ? 'builder.form.name' : 'builder.form.id')} value={name} whole mono change={change} hint={isInput(path) ? t('builder.part.inputName') : undefined} readOnly={readOnly} />;
}

function RemovePart({ bench, path, title, done }: { bench: Bench; path: Path; title: string; done: () => void }) {
  const { draft, denied, known } = bench;
  const [asking, setAsking] = useState(false);
  const count = asking && isInput(path) ? inputNamedBy(draft.text, String(path[1])) : 0;
  const remove = async () => {
    // The list of it goes with the last one, where the language can do without.
    if (draft.edit(t('builder.undo.remove', { id: title }), (text) => takePart(text, path, stays(known, path)))) done();
  };
  return (
    <>
      <Button small kind="quiet" icon="trash" label={t('builder.remove', { id: title })} denied={denied} onClick={() => setAsking(true)} />
      {asking && (
        <Confirm title={t('builder.remove', { id: title })} act={t('builder.remove.act')} danger run={remove} close={() => setAsking(false)}>
          <p>{t('builder.part.remove')}</p>
          {count > 0 && <p>{t('builder.part.removeInput', { count })}</p>}
        </Confirm>
      )}
    </>
  );
}
