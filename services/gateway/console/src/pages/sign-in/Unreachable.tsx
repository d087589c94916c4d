/** What is shown while the gateway answers nothing: it is asked again by itself. */
import { useEffect } from 'react';
import { renew } from '../../api/session';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Frame } from './Frame';

const EVERY = 3_000;

export function Unreachable() {
  useEffect(() => {
    const timer = setInterval(() => void renew(), EVERY);
    return () => clearInterval(timer);
  }, []);
  return (
    <Frame
      title={t('shell.unreachable')}
      acts={
        <Button icon="retry" onClick={() => void renew()}>
          {t('parts.again')}
        </Button>
      }
    >
      <p>{t('shell.unreachable.more')}</p>
    </Frame>
  );
}
