/** What started a run, in words, with a link to where it came from. */
import { Link } from 'react-router';
import type { Trigger } from '../../api/runs';
import { named } from '../../i18n';
import { shortTime } from '../../parts/values';

/** `user:ada` and `key:ci` as people write them; of a worker's id, as much as tells it apart. */
export const who = (actor: string): string => actor.replace(/^(user|key):/, '').replace(/^(worker:[0-9a-f]{8})-[0-9a-f-]{27}$/, '$1');

export function TriggerWords({ of }: { of: Trigger }) {
  const detail = of.scheduleName ?? of.sensorName ?? (of.userId ? who(of.userId) : undefined);
  return (
    <span>
      {named('run.trigger', of.kind)}
      {detail && ` · ${detail}`}
      {of.scheduleInstant && ` · ${shortTime(of.scheduleInstant)}`}
      {of.pipelineRunId && (
        <>
          {' · '}
          <Link to={`/runs/${of.pipelineRunId}`}>{of.pipelineRunId.slice(0, 8)}</Link>
        </>
      )}
    </span>
  );
}
