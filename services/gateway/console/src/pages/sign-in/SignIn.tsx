/** Where to sign in; it leads to the gateway's own page, which asks for a key or sends on to the identity provider. */
import { useEffect, useState } from 'react';
import { useLocation } from 'react-router';
import { asApiError } from '../../api/errors';
import { beginSignIn } from '../../api/sign-in';
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { Frame } from './Frame';

export function SignIn({ refused }: { refused?: string }) {
  const { pathname, search } = useLocation();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState(refused);
  useEffect(() => {
    document.title = 'Downbeat';
  }, []);
  const go = async (readOnly: boolean) => {
    setPending(true);
    setError(undefined);
    try {
      await beginSignIn(`${pathname}${search}`, readOnly);
    } catch (thrown) {
      setError(asApiError(thrown).words);
      setPending(false);
    }
  };
  return (
    <Frame
      title={t('shell.signIn.title')}
      error={error}
      acts={
        <>
          <Button kind="primary" icon="key" pending={pending} onClick={() => void go(false)}>
            {t('shell.signIn')}
          </Button>
          <Button kind="quiet" disabled={pending} onClick={() => void go(true)}>
            {t('shell.signIn.reads')}
          </Button>
        </>
      }
    >
      <p>{t('shell.signIn.more')}</p>
    </Frame>
  );
}
