/** The bar above a graph: search, zoom, whether the drawing or the list is seen. */
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { t } from '../i18n';
import { Button } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { Choices } from '../parts/Tabs';
import css from './Graph.module.css';

interface BarProps {
  view: 'graph' | 'list';
  change: (view: 'graph' | 'list') => void;
  /** How many nodes fit; called at each change. */
  search: (text: string) => number;
  /** Goes to the next one that fits, or the one before. */
  next?: (step: 1 | -1) => void;
  zoom?: { in: () => void; out: () => void; fit: () => void };
  acts?: ReactNode;
}

export function GraphBar({ view, change, search, next, zoom, acts }: BarProps) {
  const [text, setText] = useState('');
  const [found, setFound] = useState(0);
  const type = (typed: string) => {
    setText(typed);
    setFound(search(typed));
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter') next?.(event.shiftKey ? -1 : 1);
    if (event.key === 'Escape' && text) type('');
    event.stopPropagation();
  };
  return (
    <div className={css.bar}>
      <span className={css.search}>
        <Icon name="search" size={14} />
        <input type="search" data-search value={text} placeholder={t('graph.search')} aria-label={t('graph.search')} onChange={(event) => type(event.target.value)} onKeyDown={press} />
        <span className={css.found} role="status">
          {text.trim() && t('graph.found', { count: found })}
        </span>
      </span>
      {acts}
      <span className={css.grow} />
      {zoom && (
        <span className={css.zoom}>
          <Button small kind="quiet" icon="minus" label={t('graph.zoomOut')} onClick={zoom.out} />
          <Button small kind="quiet" icon="plus" label={t('graph.zoomIn')} onClick={zoom.in} />
          <Button small kind="quiet" icon="fit" label={t('graph.fit')} onClick={zoom.fit} />
        </span>
      )}
      <Choices<'graph' | 'list'>
        label={t('graph.view')}
        of={[
          { value: 'graph', name: t('graph.graph') },
          { value: 'list', name: t('graph.list') },
        ]}
        value={view}
        choose={change}
      />
    </div>
  );
}
