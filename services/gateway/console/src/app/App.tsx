/**
 * The console as a whole: makes the session and the words ready, then draws the page that the URL names. Whoever is
 * not signed in sees where to sign in, and comes back to the same page.
 */
import { useEffect, useState } from 'react';
import { QueryClientProvider } from '@tanstack/react-query';
import { BrowserRouter, matchRoutes, Route, Routes } from 'react-router';
import { queries } from '../api/query';
import { renew, useSession } from '../api/session';
import { loadLanguage } from '../i18n';
import { later } from '../parts/later';
import { SignedIn } from '../pages/sign-in/SignedIn';
import { SignIn } from '../pages/sign-in/SignIn';
import { Unreachable } from '../pages/sign-in/Unreachable';
import { AREAS } from './areas';
import { Boundary } from './Boundary';
import { NoSuchPage } from './NoSuchPage';
import { Shell } from './Shell';
import { useSettings } from './settings';

const BASE = '/console/';
const PAGES = AREAS.flatMap((area) => area.routes.map(({ path, load }) => ({ path, Page: later(load) })));

/** Milliseconds for which the first page is drawn without a word that it loads. */
const AT_ONCE_MS = 150;

/** The page that the URL names comes while the gateway is asked who is signed in. */
const first = Promise.race([
  Promise.all((matchRoutes(PAGES, location.pathname, BASE) ?? []).map(({ route }) => route.Page.fetch())),
  new Promise((resolve) => setTimeout(resolve, AT_ONCE_MS)),
]);

function Inside() {
  const session = useSession();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (session === 'starting') void renew();
  }, [session]);
  useEffect(() => void first.then(() => setReady(true)), []);
  if (session === 'starting' || !ready) return null;
  if (session === 'unreachable') return <Unreachable />;
  if (session === 'out') return <SignIn />;
  return (
    <Routes>
      <Route element={<Shell />}>
        {PAGES.map(({ path, Page }) => (
          <Route key={path} path={path} element={<Page />} />
        ))}
        <Route path="*" element={<NoSuchPage />} />
      </Route>
    </Routes>
  );
}

export function App() {
  const { language, zone } = useSettings();
  const [ready, setReady] = useState<string>();
  useEffect(() => {
    // A language that cannot be fetched leaves English in its place.
    void loadLanguage(language).finally(() => setReady(language));
  }, [language]);
  if (!ready) return null;
  return (
    <QueryClientProvider client={queries}>
      <BrowserRouter basename={BASE} key={`${ready} ${zone}`}>
        <Boundary>
          <Routes>
            <Route path="/signed-in" element={<SignedIn />} />
            <Route path="*" element={<Inside />} />
          </Routes>
        </Boundary>
      </BrowserRouter>
    </QueryClientProvider>
  );
}
