/** The catalogue: every table, view, file and dashboard that runs or people told of. */
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import { CATALOGUE, useCatalogue, type Asset } from '../../api/assets';
import { named, t } from '../../i18n';
import { useNow } from '../../parts/clock';
import { Button, ButtonLink } from '../../parts/Button';
import { Search, Select } from '../../parts/Field';
import { NeedsAccount } from '../../parts/Needs';
import { Card, Page, Tag } from '../../parts/Page';
import { Answer, Empty } from '../../parts/states';
import { Pager, Table, ordered, orderOf, type Column } from '../../parts/Table';
import { Time } from '../../parts/Time';
import { numberText } from '../../parts/values';
import { assetPage } from './address';
import { choices, FILTERS, filtered, placeOf, readFilter, rowsOf, titleOf, writtenAt, type Filter } from './catalogue';
import { Quality } from './Quality';
import css from './assets.module.css';

const SIZE = 50;

const columns: () => Column<Asset>[] = () => [
  {
    id: 'name',
    name: t('assets.name'),
    by: (asset) => asset.assetName.toLowerCase(),
    cell: (asset) => (
      <span className={css.two}>
        <Link to={assetPage(asset.assetId)}>{titleOf(asset.externalId, asset.assetName)}</Link>
        <small>{placeOf(asset.externalId, titleOf(asset.externalId, asset.assetName))}</small>
      </span>
    ),
  },
  { id: 'quality', name: t('assets.quality'), tight: true, by: (asset) => asset.status, cell: (asset) => <Quality of={asset.status} /> },
  { id: 'tests', name: t('assets.tests'), number: true, wide: true, by: (asset) => asset.tests.length, cell: (asset) => asset.tests.length || '–' },
  { id: 'type', name: t('assets.type'), tight: true, wide: true, by: (asset) => asset.assetType, cell: (asset) => named('assets.type', asset.assetType) },
  { id: 'integration', name: t('assets.integration'), wide: true, by: (asset) => asset.integration || undefined, cell: (asset) => (asset.integration ? named('integration', asset.integration) : '–') },
  { id: 'owner', name: t('assets.owner'), wide: true, by: (asset) => asset.owners[0], cell: (asset) => asset.owners.join(', ') || '–' },
  { id: 'tags', name: t('assets.tags'), wide: true, cell: (asset) => <span className={css.tags}>{asset.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}</span> },
  {
    id: 'rows', name: t('assets.rows'), number: true, wide: true, by: (asset) => rowsOf(asset),
    cell: (asset) => (rowsOf(asset) === undefined ? '–' : numberText(rowsOf(asset)!)),
  },
  { id: 'written', name: t('assets.written'), tight: true, wide: true, by: (asset) => writtenAt(asset) ?? undefined, cell: (asset) => <Time at={writtenAt(asset)} /> },
];

export const Assets = () => <NeedsAccount title={t('assets.title')}>{() => <Catalogue />}</NeedsAccount>;

function Catalogue() {
  const [query, setQuery] = useSearchParams();
  const filter = readFilter(query);
  const catalogue = useCatalogue();
  const now = useNow(60_000);
  const set = (some: Partial<Filter> & { page?: number }) =>
    setQuery(
      (old) => {
        const next = new URLSearchParams(old);
        next.delete('page');
        for (const [name, value] of Object.entries(some)) {
          if (value && !(name === 'page' && value === 1)) next.set(name, String(value));
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  const all = catalogue.data?.assets ?? [];
  const shape = columns();
  const found = useMemo(() => filtered(all, filter, now), [all, query.toString(), now]);
  const order = orderOf(query.get('sort'));
  const by = shape.find((column) => column.id === order?.column)?.by;
  const rows = order && by ? ordered(found, by, order.down) : found;
  const page = Math.min(Math.max(1, Number(query.get('page')) || 1), Math.max(1, Math.ceil(rows.length / SIZE)));
  const any = FILTERS.some((name) => filter[name]);
  const pick = (name: keyof Filter, label: string, values: { value: string; name: string }[]) => (
    <Select
      key={name}
      aria-label={label}
      value={filter[name]}
      choices={[{ value: '', name: label }, ...values, ...(filter[name] && !values.some((one) => one.value === filter[name]) ? [{ value: filter[name], name: filter[name] }] : [])]}
      choose={(value) => set({ [name]: value } as Partial<Filter>)}
    />
  );
  const plain = (values: string[]) => values.map((value) => ({ value, name: value }));
  return (
    <Page title={t('assets.title')} about={t('assets.about')} acts={<ButtonLink to="/lineage" icon="lineage">{t('assets.lineage')}</ButtonLink>}>
      <div className={css.filters}>
        <Search value={filter.text} search={(text) => set({ text })} label={t('assets.search')} />
        {pick('integration', t('assets.integration'), choices(all, (asset) => [asset.integration]).map((value) => ({ value, name: named('integration', value) })))}
        {pick('type', t('assets.type'), choices(all, (asset) => [asset.assetType]).map((value) => ({ value, name: named('assets.type', value) })))}
        {pick('owner', t('assets.owner'), plain(choices(all, (asset) => asset.owners)))}
        {pick('tag', t('assets.tag'), plain(choices(all, (asset) => asset.tags)))}
        {pick('quality', t('assets.quality'), ['UNHEALTHY', 'WARNING', 'HEALTHY', 'UNKNOWN'].map((value) => ({ value, name: named('assets.quality', value) })))}
        {pick('fresh', t('assets.fresh'), (['day', 'week', 'older', 'unknown'] as const).map((value) => ({ value, name: t(`assets.fresh.${value}`) })))}
        {any && (
          <Button kind="quiet" icon="close" onClick={() => set(Object.fromEntries(FILTERS.map((name) => [name, ''])))}>
            {t('assets.clear')}
          </Button>
        )}
      </div>
      <Answer of={catalogue} lines={8}>
        {({ assets, total }) => (
          <Card flush title={t('assets.all')} count={any ? t('assets.of', { found: rows.length, all: assets.length }) : numberText(total)}>
            {total > assets.length && <p className={css.note}>{t('assets.cut', { most: CATALOGUE })}</p>}
            <Table
              label={t('assets.title')}
              rows={rows.slice((page - 1) * SIZE, page * SIZE)}
              columns={shape}
              id={(asset) => asset.assetId}
              to={(asset) => assetPage(asset.assetId)}
              sort="sort"
              empty={
                any ? (
                  <Empty tight title={t('assets.none.found')} icon="search" acts={<Button onClick={() => set(Object.fromEntries(FILTERS.map((name) => [name, ''])))}>{t('assets.clear')}</Button>} />
                ) : (
                  <Empty title={t('assets.none')} icon="assets">{t('assets.none.more')}</Empty>
                )
              }
            />
            <Pager page={page} size={SIZE} total={rows.length} go={(to) => set({ page: to })} />
          </Card>
        )}
      </Answer>
    </Page>
  );
}

