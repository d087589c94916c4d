/**
 * What stands before the page: a dialog in the middle, a drawer at the side. Both are the browser's own modal dialogs,
 * so the focus stays inside, Esc closes, and the focus returns to where it was. `Confirm` asks before something is done.
 */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { t } from '../i18n';
import { Button } from './Button';
import { Field, Input } from './Field';
import { Reason, type KeptIn } from './Reason';
import { Refused } from './states';
import { useDoing } from './useDoing';
import css from './Dialog.module.css';

interface DialogProps {
  title: string;
  close: () => void;
  wide?: boolean;
  drawer?: boolean;
  foot?: ReactNode;
  /** What stands beside the title. */
  beside?: ReactNode;
  children: ReactNode;
}

export function Dialog({ title, close, wide, drawer, foot, beside, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={`${css.dialog} ${wide ? css.wide : ''} ${drawer ? css.drawer : ''}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onMouseDown={(event) => event.target === ref.current && close()}
    >
      <header className={css.head}>
        <h2 id={id}>{title}</h2>
        {beside}
        <Button kind="quiet" icon="close" label={t('parts.close')} onClick={close} />
      </header>
      <div className={css.body}>{children}</div>
      {foot && <footer className={css.foot}>{foot}</footer>}
    </dialog>
  );
}

export function Drawer(props: Omit<DialogProps, 'drawer' | 'wide'>) {
  return <Dialog {...props} drawer />;
}

interface ConfirmProps {
  title: string;
  /** What the button says: the act, not "OK". */
  act: string;
  danger?: boolean;
  /** What the other button says, where "Cancel" could be taken for the act. */
  back?: string;
  /** A word that must be typed first, for what cannot be taken back. */
  type?: string;
  /** Where the server keeps why it was done: it is asked for, and given to `run`. */
  reason?: KeptIn;
  /** Does it; what it throws is shown, and the dialog stays. */
  run: (reason: string) => Promise<unknown>;
  close: () => void;
  children?: ReactNode;
}

export function Confirm({ title, act: name, danger, back, type, reason, run, close, children }: ConfirmProps) {
  const { pending, error, run: act } = useDoing();
  const [typed, setTyped] = useState('');
  const [why, setWhy] = useState('');
  const missing = type !== undefined && typed.trim() !== type ? t('parts.confirm.type', { word: type }) : undefined;
  return (
    <Dialog
      title={title}
      close={close}
      foot={
        <>
          <Button onClick={close}>{back ?? t('parts.cancel')}</Button>
          <Button kind={danger ? 'danger' : 'primary'} pending={pending} denied={missing} onClick={() => void act(() => run(why.trim()), close)}>
            {name}
          </Button>
        </>
      }
    >
      <div className={css.stack}>
        {children}
        {type !== undefined && (
          <Field label={t('parts.confirm.type', { word: type })}>
            {(id) => <Input id={id} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />}
          </Field>
        )}
        {reason && <Reason kept={reason} value={why} change={setWhy} />}
      </div>
      {error && <Refused error={error} />}
    </Dialog>
  );
}
