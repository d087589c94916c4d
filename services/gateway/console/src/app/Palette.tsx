/** The command palette: type, choose with the arrow keys, Enter. It finds pages, acts, pipelines, runs, assets. */
import { Fragment, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { t } from '../i18n';
import { Icon } from '../parts/Icon';
import type { Command } from './area';
import { AREAS } from './areas';
import { commandsNow, search } from './commands';
import css from './Palette.module.css';

/** What the areas find, a moment after typing stops; what comes late for another text is dropped. */
function useFound(text: string): Command[] {
  const [found, setFound] = useState<Command[]>([]);
  useEffect(() => {
    if (text.trim().length < 2) {
      setFound([]);
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const asked = AREAS.flatMap((area) => (area.find ? [area.find(text.trim(), stop.signal)] : []));
      void Promise.allSettled(asked).then((answers) => {
        if (!stop.signal.aborted) setFound(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
      });
    }, 150);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return found;
}

export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const navigate = useNavigate();
  const found = useFound(text);
  const [offered] = useState(commandsNow);
  const shown = [...search(offered, text, text ? 12 : 50), ...found];
  const chosen = Math.min(at, shown.length - 1);

  useEffect(() => {
    ref.current?.showModal();
  }, []);
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen, id]);

  const go = (command: Command | undefined) => {
    if (!command) return;
    close();
    if (command.to) void navigate(command.to);
    command.run?.();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      go(shown[chosen]);
    }
  };
  return (
    <dialog
      ref={ref}
      className={css.palette}
      aria-label={t('shell.palette')}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onMouseDown={(event) => event.target === ref.current && close()}
      onKeyDown={press}
    >
      <input
        className={css.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={t('shell.palette')}
        placeholder={t('shell.palette.hint')}
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
      />
      <div className={css.list} id={`${id}-list`} role="listbox" aria-label={t('shell.palette')}>
        {shown.map((command, place) => (
          <Fragment key={`${command.group}/${command.id}`}>
            {command.group !== shown[place - 1]?.group && (
              <div className={css.group} role="presentation">
                {command.group}
              </div>
            )}
            <div id={`${id}-${place}`} role="option" aria-selected={place === chosen} className={css.item} onClick={() => go(command)} onMouseMove={() => setAt(place)}>
              <Icon name={command.icon ?? 'right'} />
              {command.name}
            </div>
          </Fragment>
        ))}
      </div>
      {shown.length === 0 && <p className={css.none}>{t('shell.palette.none')}</p>}
    </dialog>
  );
}
