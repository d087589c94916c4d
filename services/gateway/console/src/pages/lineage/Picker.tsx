/** Chooses an asset by typing part of its name or key. */
import { useId, useState } from 'react';
import { useCatalogue } from '../../api/assets';
import { t } from '../../i18n';
import { Input } from '../../parts/Field';
import css from './Lineage.module.css';
import { titleOf } from './model';

const MOST = 8;

export function Picker({ value, choose, label }: { value: string; choose: (key: string) => void; label: string }) {
  const [text, setText] = useState<string>();
  const [at, setAt] = useState(0);
  const id = useId();
  const assets = useCatalogue().data?.assets ?? [];
  const words = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = text === undefined ? [] : assets.filter((asset) => words.every((word) => `${asset.assetName} ${asset.externalId}`.toLowerCase().includes(word))).slice(0, MOST);
  const pick = (key: string) => {
    setText(undefined);
    choose(key);
  };
  return (
    <span className={css.picker}>
      <Input
        role="combobox"
        aria-label={label}
        aria-expanded={text !== undefined && found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${Math.min(at, found.length - 1)}` : undefined}
        placeholder={label}
        value={text ?? value}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onFocus={(event) => event.target.select()}
        onBlur={() => setText(undefined)}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step && found.length > 0) {
            event.preventDefault();
            setAt((at + step + found.length) % found.length);
          } else if (event.key === 'Enter') {
            const chosen = found[Math.min(at, found.length - 1)]?.externalId ?? text;
            if (chosen) pick(chosen);
          } else if (event.key === 'Escape') setText(undefined);
        }}
      />
      <div id={`${id}-list`} role="listbox" aria-label={label} className={css.options} hidden={found.length === 0}>
        {found.map((asset, place) => (
          <div
            key={asset.assetId}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === at}
            className={css.option}
            // Before the input loses the focus, which shuts the list.
            onMouseDown={(event) => {
              event.preventDefault();
              pick(asset.externalId);
            }}
          >
            <b>{titleOf(asset.externalId, asset.assetName)}</b>
            <small>{asset.externalId}</small>
          </div>
        ))}
      </div>
      {text !== undefined && words.length > 0 && found.length === 0 && <span className="only-spoken" role="status">{t('assets.none.found')}</span>}
    </span>
  );
}
