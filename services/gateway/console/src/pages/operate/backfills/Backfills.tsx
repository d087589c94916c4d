/** Backfills: which there are and how far each is; to make one after a look at what it would do. */
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useBackfills, type Backfill } from '../../../api/backfills';
import { useDenied } from '../../../api/me';
import { usePipelines } from '../../../api/pipelines';
import { t } from '../../../i18n';
import { Button } from '../../../parts/Button';
import { Select } from '../../../parts/Field';
import { Needs } from '../../../parts/Needs';
import { Card, Page } from '../../../parts/Page';
import { Answer, Empty } from '../../../parts/states';
import { Status } from '../../../parts/Status';
import { MoreRows, Table } from '../../../parts/Table';
import { Time } from '../../../parts/Time';
import { numberText } from '../../../parts/values';
import css from '../operate.module.css';
import { Far } from './Far';
import { Make } from './Make';

export function Backfills() {
  const [making, setMaking] = useState(false);
  const operator = useDenied('OPERATOR', 'anything');
  const make = <Button kind="primary" icon="plus" denied={operator} onClick={() => setMaking(true)}>{t('operate.backfills.make')}</Button>;
  return (
    <Page title={t('shell.nav.backfills')} about={t('operate.backfills.about')} acts={make}>
      <Needs role="VIEWER">{() => <List make={make} />}</Needs>
      {making && <Make close={() => setMaking(false)} />}
    </Page>
  );
}

function List({ make }: { make: React.ReactNode }) {
  const [query, setQuery] = useSearchParams();
  const pipeline = query.get('pipeline') ?? '';
  const backfills = useBackfills(pipeline || undefined);
  const names = usePipelines().data ?? [];
  const page = (one: Backfill) => `/operate/backfills/${one.id}`;
  return (
    <>
      <div className={css.between}>
        <Select aria-label={t('operate.pipeline')} value={pipeline} choices={[{ value: '', name: t('operate.pipelines.all') }, ...names.map((one) => ({ value: one.id, name: one.alias }))]} choose={(id) => setQuery(id ? { pipeline: id } : {}, { replace: true })} />
      </div>
      <Answer of={backfills}>
        {({ rows, more }) => (
          <Card flush>
            <Table
              label={t('shell.nav.backfills')}
              rows={rows}
              id={(one) => one.id}
              to={page}
              columns={[
                { id: 'status', name: t('operate.status'), tight: true, cell: (one) => <Status of={one.status} /> },
                { id: 'what', name: t('operate.pipeline'), cell: (one) => <span className={css.two}><Link to={page(one)}>{one.pipelineAlias}</Link><small>{one.schedule}</small></span> },
                { id: 'span', name: t('operate.backfills.span'), wide: true, cell: (one) => <span><Time at={one.from} as="short" /> – <Time at={one.to} as="short" /></span> },
                { id: 'far', name: t('operate.backfills.far'), cell: (one) => <Far of={one} /> },
                { id: 'total', name: t('operate.backfills.instants'), number: true, wide: true, cell: (one) => numberText(one.total) },
                { id: 'by', name: t('operate.by'), wide: true, cell: (one) => one.user },
                { id: 'at', name: t('operate.made'), tight: true, cell: (one) => <Time at={one.createdAt} /> },
              ]}
              empty={<Empty icon="backfills" title={t(pipeline ? 'operate.none.found' : 'operate.backfills.none')} acts={make}>{t('operate.backfills.none.more')}</Empty>}
            />
            <MoreRows more={more} pending={backfills.isFetchingNextPage} load={() => void backfills.fetchNextPage()} />
          </Card>
        )}
      </Answer>
    </>
  );
}
