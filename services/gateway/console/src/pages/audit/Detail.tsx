/** One entry of the audit, whole: with what was before and after, and where it stands in the log. */
import type { AuditEntry } from '../../api/audit';
import { named, t } from '../../i18n';
import { Code, CodeBlock } from '../../parts/Code';
import { Drawer } from '../../parts/Dialog';
import { Pairs } from '../../parts/Page';
import { exactTime } from '../../parts/values';
import { Outcome } from './Audit';
import { Targets } from './Targets';
import css from './Audit.module.css';

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Detail({ of, close }: { of: AuditEntry; close: () => void }) {
  return (
    <Drawer title={named('audit.command', of.command)} close={close} beside={<Outcome of={of} />}>
      <div className={css.stack}>
        {of.summary && <p lang="en">{of.summary}</p>}
        <Pairs
          of={[
            [t('audit.at'), exactTime(of.at)],
            [t('audit.who'), `${of.actor} (${named('audit.kind', of.actorKind)})`],
            [t('audit.from'), [of.originAddress, of.originClient].filter(Boolean).join(' · ') || undefined],
            [t('audit.reason'), of.reason || undefined],
            [t('audit.code'), of.code || undefined],
            [t('audit.message'), of.message ? <span key="message" lang="en">{of.message}</span> : undefined],
            [t('audit.about.what'), of.targets.length > 0 ? <Targets key="targets" of={of.targets} /> : undefined],
            [t('audit.times'), of.more > 0 && of.since ? t('audit.times.since', { count: of.more + 1, since: exactTime(of.since) }) : undefined],
            [t('audit.record'), <Code key="record" short>{`${of.sequence} ${of.recordHash}`}</Code>],
          ]}
        />
        {of.before && (
          <div>
            <h3>{t('audit.before')}</h3>
            <CodeBlock label={t('audit.before')}>{pretty(of.before)}</CodeBlock>
          </div>
        )}
        {of.after && (
          <div>
            <h3>{t('audit.after')}</h3>
            <CodeBlock label={t('audit.after')}>{pretty(of.after)}</CodeBlock>
          </div>
        )}
      </div>
    </Drawer>
  );
}
