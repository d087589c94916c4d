/** The frame around every page: navigation, who is signed in, palette, help, messages. Knows no page. */
import { Suspense, useEffect, useRef, useState } from 'react';
import { Link, Outlet, useLocation, useNavigate } from 'react-router';
import { t } from '../i18n';
import { Button } from '../parts/Button';
import { Loading } from '../parts/states';
import { Toasts } from '../parts/Toast';
import { Boundary } from './Boundary';
import { KeyHelp } from './KeyHelp';
import { listenToKeys, useKeys, type KeyDoes } from './keyboard';
import { NAV, SETTINGS } from './nav';
import { Navigation } from './Navigation';
import { Palette } from './Palette';
import { useSettings } from './settings';
import css from './Shell.module.css';

function useShellKeys(openPalette: () => void, openHelp: () => void): void {
  const navigate = useNavigate();
  const go = t('shell.keys.go');
  const everywhere = t('shell.keys.everywhere');
  const places = [...NAV, SETTINGS].filter((item) => item.key);
  const keys: KeyDoes[] = [
    { keys: 'Mod-k', name: t('shell.palette'), group: everywhere, run: openPalette },
    { keys: '/', name: t('shell.keys.search'), group: everywhere, run: () => document.querySelector<HTMLElement>('[data-search]')?.focus() },
    { keys: '?', name: t('shell.keys'), group: everywhere, run: openHelp },
    ...places.map((item) => ({ keys: `g ${item.key}`, name: t(item.name), group: go, run: () => void navigate(item.to) })),
  ];
  useKeys(keys);
  useEffect(listenToKeys, []);
}

export function Shell() {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const { narrow } = useSettings();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  useShellKeys(() => setPalette(true), () => setHelp(true));
  useEffect(() => {
    setDrawer(false);
    main.current?.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className={`${css.shell} ${narrow ? css.narrow : ''}`}>
      <a className={css.skip} href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>
        {t('shell.skip')}
      </a>
      <header className={css.top}>
        <Button kind="quiet" icon="menu" label={t('shell.menu')} aria-expanded={drawer} onClick={() => setDrawer(true)} />
        <Link to="/" className={css.brand}>
          Downbeat
        </Link>
        <Button kind="quiet" icon="search" label={t('shell.palette')} onClick={() => setPalette(true)} />
      </header>
      <Navigation open={drawer} openPalette={() => setPalette(true)} />
      {drawer && <button type="button" className={css.scrim} aria-label={t('parts.close')} onClick={() => setDrawer(false)} />}
      <main ref={main} id="main" className={css.main} tabIndex={-1}>
        <Boundary key={pathname}>
          <Suspense fallback={<Loading lines={6} />}>
            <Outlet />
          </Suspense>
        </Boundary>
      </main>
      {palette && <Palette close={() => setPalette(false)} />}
      {help && <KeyHelp close={() => setHelp(false)} />}
      <Toasts />
    </div>
  );
}
