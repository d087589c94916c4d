/** Where the browser comes back to after signing in: makes the session, and goes on where somebody wanted to be. */
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { asApiError } from '../../api/errors';
import { finishSignIn, type Finished } from '../../api/sign-in';
import { t } from '../../i18n';
import { Frame } from './Frame';
import { SignIn } from './SignIn';

let finishing: Promise<Finished> | undefined;

const WORDS: Record<string, string> = { 'nothing-asked': 'shell.signIn.nothingAsked', 'other-state': 'shell.signIn.otherState' };

export function SignedIn() {
  const navigate = useNavigate();
  const [refused, setRefused] = useState<string>();
  useEffect(() => {
    // An answer counts once, however often this is drawn.
    finishing ??= finishSignIn(new URLSearchParams(location.search)).catch((thrown: unknown) => ({ refused: asApiError(thrown).words }));
    void finishing.then((finished) => {
      finishing = undefined;
      if ('next' in finished) void navigate(finished.next, { replace: true });
      else setRefused(WORDS[finished.refused] ? t(WORDS[finished.refused] as 'shell.signIn.otherState') : finished.refused);
    });
  }, [navigate]);
  return refused === undefined ? <Frame title={t('shell.signIn.finishing')} /> : <SignIn refused={refused} />;
}
