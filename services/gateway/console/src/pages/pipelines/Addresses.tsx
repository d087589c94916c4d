/** Addresses that others call to start the pipeline, and whether its text lets them. They are made and closed elsewhere. */
import { useQuery } from '@tanstack/react-query';
import { endpointsOf, type Endpoint } from '../../api/webhooks';
import { named, t } from '../../i18n';
import { ButtonLink } from '../../parts/Button';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Mark } from '../../parts/Status';
import { Table, type Column } from '../../parts/Table';
import { Time } from '../../parts/Time';
import css from './Pipeline.module.css';

const ADDRESSES = (): Column<Endpoint>[] => [
  { id: 'name', name: t('pipelines.name'), cell: (row) => row.name },
  { id: 'scheme', name: t('operate.webhooks.scheme'), cell: (row) => named('operate.webhooks.scheme', row.scheme) },
  { id: 'by', name: t('operate.by'), wide: true, cell: (row) => row.createdBy },
  { id: 'at', name: t('operate.made'), tight: true, wide: true, cell: (row) => <Time at={row.createdAt} /> },
];

export function Addresses({ pipeline, on }: { pipeline: string; on: boolean }) {
  const addresses = useQuery(endpointsOf(pipeline));
  return (
    <Card
      title={t('shell.nav.webhooks')}
      flush
      acts={
        <>
          {!on && <Mark icon="pause">{t('pipelines.webhook.off')}</Mark>}
          <ButtonLink small kind="quiet" to={`/operate/webhooks?pipeline=${pipeline}`}>
            {t('pipelines.webhook.manage')}
          </ButtonLink>
        </>
      }
    >
      <Answer of={addresses} tight>
        {(all) => (
          <>
            {!on && all.length > 0 && (
              <p className={css.inside}>
                <span className={css.muted}>{t('pipelines.webhook.off.more')}</span>
              </p>
            )}
            <Table
              label={t('shell.nav.webhooks')}
              rows={all}
              columns={ADDRESSES()}
              id={(row) => row.id}
              empty={
                <Empty tight icon="link" title={t('pipelines.webhook.none')}>
                  {t(on ? 'pipelines.webhook.none.more' : 'pipelines.webhook.off.more')}
                </Empty>
              }
            />
          </>
        )}
      </Answer>
    </Card>
  );
}
