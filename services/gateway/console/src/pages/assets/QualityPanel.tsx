/** The tests of an asset: how each stands, since when, and how it went before. */
import { Link } from 'react-router';
import { useTestResults, type AssetDetail, type AssetTest } from '../../api/assets';
import { named, t } from '../../i18n';
import { Card } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { MoreRows, Table } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { numberText, percentText } from '../../parts/values';
import { runPage } from './address';
import { known } from './catalogue';
import { byTest, passed, type TestHistory } from './history';
import { Result, Results } from './Result';
import css from './assets.module.css';

/** What was expected and found, as far as the test says so. */
function said(test: AssetTest): string {
  const parts = [test.message, known(test.failures) ? t('assets.test.failures', { count: known(test.failures)! }) : '', test.expected ? t('assets.test.expected', { expected: test.expected, actual: test.actual || '–' }) : ''];
  return parts.filter(Boolean).join(' · ') || '–';
}

export function QualityPanel({ asset }: { asset: AssetDetail }) {
  const results = useTestResults(asset.externalId);
  const since = (test: TestHistory) => asset.tests.find((one) => one.name === test.name && (one.column || null) === test.column)?.since ?? test.latest.since;
  return (
    <Card flush title={t('assets.tests')} count={asset.tests.length}>
      <Answer of={results} lines={5}>
        {({ rows, more }) => (
          <>
            <Table
              label={t('assets.tests')}
              rows={byTest(rows)}
              id={(test) => test.id}
              sort="tests"
              columns={[
                { id: 'state', name: t('assets.test.now'), tight: true, by: (test) => test.latest.status, cell: (test) => <Result of={test.latest} words={named('parts.status', test.latest.status)} /> },
                {
                  id: 'name', name: t('assets.test'), by: (test) => test.name,
                  cell: (test) => (
                    <span className={css.two}>
                      <span>{test.name}</span>
                      {test.column && <small><code>{test.column}</code></small>}
                    </span>
                  ),
                },
                { id: 'history', name: t('assets.test.history'), cell: (test) => <Results of={test.results} label={t('assets.test.history.of', { name: test.name, count: test.results.length })} /> },
                { id: 'passed', name: t('assets.test.passed'), number: true, wide: true, by: (test) => passed(test.results), cell: (test) => percentText(passed(test.results) ?? 0) },
                { id: 'count', name: t('assets.test.count'), number: true, wide: true, by: (test) => test.results.length, cell: (test) => numberText(test.results.length) },
                { id: 'since', name: t('assets.test.since'), tight: true, wide: true, by: (test) => since(test), cell: (test) => <Time at={since(test)} /> },
                { id: 'said', name: t('assets.test.said'), wide: true, cell: (test) => said(test.latest) },
                {
                  id: 'last', name: t('assets.test.last'), tight: true,
                  cell: (test) => (test.latest.pipelineId ? <Link to={runPage(test.latest.runId)}><Time at={test.latest.at} /></Link> : <Time at={test.latest.at} />),
                },
              ]}
              empty={<Empty tight title={t('assets.tests.none')}>{t('assets.tests.none.more')}</Empty>}
            />
            <MoreRows more={more} pending={results.isFetchingNextPage} load={() => void results.fetchNextPage()} />
          </>
        )}
      </Answer>
    </Card>
  );
}
