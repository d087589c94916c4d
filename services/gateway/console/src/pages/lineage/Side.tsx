/** What is known of the node that was chosen, and where one can go from it. */
import { Link } from 'react-router';
import type { AssetEdge } from '../../api/lineage';
import { named, t } from '../../i18n';
import { Button, ButtonLink } from '../../parts/Button';
import { Code } from '../../parts/Code';
import { Pairs, Tag } from '../../parts/Page';
import { Time } from '../../parts/Time';
import { numberText } from '../../parts/values';
import { assetPage, pipelinePage, runPage } from '../assets/address';
import { Quality } from '../assets/Quality';
import { Result } from '../assets/Result';
import css from './Lineage.module.css';
import type { Put } from './Lineage';
import { nodeTitle, type NodeData } from './model';
import type { Question } from './question';

export function Side({ of: { node, column }, question, set, edges }: { of: NodeData; question: Question; set: Put; edges: AssetEdge[] }) {
  const asset = node.asset;
  const rows = asset ? (asset.asset && asset.asset.rowCount >= 0 ? asset.asset.rowCount : asset.rowsAffected) : -1;
  const tests = (asset?.tests ?? []).filter((test) => !column || test.column === column);
  const uses = column ? edges.flatMap((edge) => edge.columns.filter((one) => (edge.to === node.key && one.to === column) || (edge.from === node.key && one.from === column)).map((one) => ({ ...one, edge }))) : [];
  return (
    <aside className={css.side} aria-label={nodeTitle(node)}>
      <header className={css.sideHead}>
        <h2>{column ? `${nodeTitle(node)} · ${column}` : nodeTitle(node)}</h2>
        <Button small kind="quiet" icon="close" label={t('parts.close')} onClick={() => set({ node: '' })} />
      </header>
      <Quality of={asset?.status ?? 'UNKNOWN'} />
      <Code>{node.key}</Code>
      <div className={css.acts}>
        {asset?.id && <ButtonLink small icon="assets" to={assetPage(asset.id)}>{t('lineage.page')}</ButtonLink>}
        {question.asset !== node.key && <Button small icon="lineage" onClick={() => set({ asset: node.key, column: '', node: '', open: [] }, true)}>{t('lineage.centre')}</Button>}
        {node.more && <Button small icon="plus" onClick={() => set({ open: [...question.opened, node.key] })}>{t('lineage.open.here')}</Button>}
        <Button small icon="warning" onClick={() => set({ mode: 'impact', asset: node.key, column: column ?? '', node: '', open: [] }, true)}>{t('assets.impact')}</Button>
        {question.asset !== node.key && <Button small icon="right" onClick={() => set({ mode: 'path', to: node.key, node: '' }, true)}>{t('lineage.path.here')}</Button>}
      </div>
      <Pairs
        of={[
          [t('assets.type'), asset?.asset?.type ? named('assets.type', asset.asset.type) : undefined],
          [t('assets.owner'), asset?.asset?.owners.length ? asset.asset.owners.join(', ') : undefined],
          [t('assets.rows'), rows >= 0 ? numberText(rows) : undefined],
          [t('assets.written'), asset?.materialisedAt ? <Time at={asset.materialisedAt} /> : undefined],
        ]}
      />
      {tests.length > 0 && (
        <>
          <h3>{t('assets.tests')}</h3>
          <ul className={css.list}>
            {tests.map((test) => (
              <li key={`${test.name}/${test.column}`}>
                <Result of={test} /> {test.column && <code>{test.column}</code>}
              </li>
            ))}
          </ul>
        </>
      )}
      {uses.length > 0 && (
        <>
          <h3>{t('lineage.uses')}</h3>
          <ul className={css.list}>
            {uses.map((one, at) => (
              <li key={at}>
                <code>{one.from}</code> → <code>{one.to || '*'}</code> <Tag>{named('lineage.use', one.use.replace('COLUMN_USE_', ''))}</Tag>
              </li>
            ))}
          </ul>
        </>
      )}
      {node.writers.length > 0 && (
        <>
          <h3>{t('assets.writers')}</h3>
          <ul className={css.list}>
            {node.writers.slice(0, 6).map((writer) => (
              <li key={`${writer.pipelineId}/${writer.task}`}>
                {writer.pipelineId ? <Link to={pipelinePage(writer.pipelineId)}>{writer.pipelineAlias || writer.pipelineId}</Link> : t('assets.outside')} / {writer.task}
                {writer.pipelineId && writer.lastRunId && <> · <Link to={runPage(writer.lastRunId)}>{t('assets.run')}</Link></>}
              </li>
            ))}
          </ul>
        </>
      )}
      {!column && (asset?.asset?.columns.length ?? 0) > 0 && (
        <>
          <h3>{t('assets.columns')}</h3>
          <p className={css.acts}>
            {asset!.asset!.columns.slice(0, 40).map((one) => (
              <Button key={one.name} small kind="quiet" label={t('assets.column.lineage', { column: one.name })} onClick={() => set({ asset: node.key, column: one.name, level: 'columns', node: '', open: [] }, true)}>
                {one.name}
              </Button>
            ))}
          </p>
        </>
      )}
    </aside>
  );
}
