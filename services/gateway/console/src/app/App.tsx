/**
 * The console as a whole: makes the session and the words ready, then draws the page that the URL names. Whoever is
 * not signed in sees where to sign in, and comes back to the same page.
 */
import { lazy, useEffect, useState } from 'react';
import { QueryClientProvider } from '@tanstack/react-query';
import { BrowserRouter, Route, Routes } from 'react-router';
import { queries } from '../api/query';
import { renew, useSession } from '../api/session';
import { loadLanguage } from '../i18n';
import { SignedIn } from '../pages/sign-in/SignedIn';
import { SignIn } from '../pages/sign-in/SignIn';
import { Unreachable } from '../pages/sign-in/Unreachable';
import { AREAS } from './areas';
import { Boundary } from './Boundary';
import { NoSuchPage } from './NoSuchPage';
import { Shell } from './Shell';
import { useSettings } from './settings';

const PAGES = AREAS.flatMap((area) => area.routes.map(({ path, load }) => ({ path, Page: lazy(load) })));

function Inside() {
  const session = useSession();
  useEffect(() => {
    if (session === 'starting') void renew();
  }, [session]);
  if (session === 'starting') return null;
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
      <BrowserRouter basename="/console/" key={`${ready} ${zone}`}>
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
