/** Where short messages appear; they are spoken as well, failures at once. */
import { useSyncExternalStore } from 'react';
import { Link } from 'react-router';
import { t } from '../i18n';
import { Button } from './Button';
import { Icon } from './Icon';
import { toasts } from './toasts';
import css from './Toast.module.css';

const ICONS = { good: 'check', bad: 'warning', live: 'spinner' } as const;

export function Toasts() {
  const messages = useSyncExternalStore(toasts.watch, toasts.now);
  return (
    <div className={css.all} role="status" aria-live="polite">
      {messages.map((one) => (
        <div key={one.id} className={`${css.toast} ${css[one.tone]}`} role={one.tone === 'bad' ? 'alert' : undefined}>
          <Icon name={ICONS[one.tone]} spin={one.tone === 'live'} />
          <span className={css.words}>
            <span lang={one.lang}>{one.words}</span> {one.link && <Link to={one.link.to}>{one.link.name}</Link>}
          </span>
          {one.tone !== 'live' && <Button small kind="quiet" icon="close" label={t('parts.close')} onClick={() => toasts.close(one.id)} />}
        </div>
      ))}
    </div>
  );
}
