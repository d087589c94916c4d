/** The keys that count on this page. */
import { Fragment } from 'react';
import { t } from '../i18n';
import { Dialog } from '../parts/Dialog';
import { keysNow, type KeyDoes } from './keyboard';
import css from './KeyHelp.module.css';

const shown = (keys: string) => keys.replace('Mod-', /Mac|iP/.test(navigator.userAgent) ? '⌘ ' : 'Ctrl ').split(' ');

function grouped(keys: KeyDoes[]): Map<string, KeyDoes[]> {
  const groups = new Map<string, KeyDoes[]>();
  for (const one of keys) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

export function KeyHelp({ close }: { close: () => void }) {
  const groups = grouped(keysNow());
  return (
    <Dialog title={t('shell.keys')} close={close}>
      {[...groups].map(([group, list]) => (
        <section key={group} className={css.group}>
          <h3>{group}</h3>
          <dl className={css.list}>
            {list.map((one) => (
              <Fragment key={one.keys}>
                <dt>{one.name}</dt>
                <dd>
                  {shown(one.keys).map((key, at) => (
                    <kbd key={at} className={css.key}>
                      {key.length === 1 && /[a-z]/.test(key) && one.keys.startsWith('Mod-') ? key.toUpperCase() : key}
                    </kbd>
                  ))}
                </dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
