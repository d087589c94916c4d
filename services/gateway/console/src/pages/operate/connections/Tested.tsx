/** How the last try of a connection went, and a try of it. */
import { useState } from 'react';
import { tryConnection, type Connection } from '../../../api/connections';
import { ApiError } from '../../../api/errors';
import { named, t } from '../../../i18n';
import { Mark } from '../../../parts/Status';
import { done, failed } from '../../../parts/toasts';

export function Tested({ of }: { of: Connection }) {
  const tone = of.authStatus === 'SUCCEEDED' ? 'good' : of.authStatus === 'FAILED' ? 'bad' : 'idle';
  return (
    <Mark tone={tone} icon={tone === 'good' ? 'check' : tone === 'bad' ? 'cross' : 'dot'}>
      {named('operate.connections.auth', of.authStatus)}
    </Mark>
  );
}

export function useTry(of: Connection): { pending: boolean; run: () => void } {
  const [pending, setPending] = useState(false);
  const go = async () => {
    setPending(true);
    try {
      const { status, message, externalMessage } = await tryConnection(of.integration, of.connectionId);
      if (status === 'SUCCEEDED') done(t('operate.connections.works', { name: of.connectionName }));
      else failed(new ApiError(200, `${of.connectionName}: ${externalMessage ?? message}`));
    } catch (thrown) {
      failed(thrown);
    } finally {
      setPending(false);
    }
  };
  return { pending, run: () => void go() };
}
