/**
 * Signing in, by OAuth 2.1 with PKCE against this very gateway (docs/login.md): the browser goes to its page, and comes
 * back to `/console/signed-in` with a code, which the gateway turns into a session. Between the two, what has to be
 * kept stands in this tab's storage. Knows nothing about what a session is good for.
 */
import { accept } from './session';
import { fromAnswer } from './errors';

const CLIENT = 'downbeat.client';
const ASKED = 'downbeat.asked';

interface Asked {
  verifier: string;
  state: string;
  client: string;
  /** Path within the console to go on at. */
  next: string;
}

/** Bytes as URLs may hold them (RFC 4648, 5). */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const chance = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** What PKCE sends ahead of the verifier. */
export async function challenge(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

/** A path within the console, or its start: what comes from a URL leads nowhere else. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/signed-in') ? next : '/';
}

const redirect = () => `${location.origin}/console/signed-in`;

async function register(): Promise<string> {
  const answer = await fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Downbeat console',
      redirect_uris: [redirect()],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }),
  });
  if (!answer.ok) throw fromAnswer(answer.status, await answer.json().catch(() => undefined));
  const { client_id } = (await answer.json()) as { client_id: string };
  localStorage.setItem(CLIENT, client_id);
  return client_id;
}

/** Sends the browser to sign in; it comes back to `next`. */
export async function beginSignIn(next: string, readOnly = false): Promise<void> {
  // An attempt that never came back may have failed for the registration: then it is made anew.
  const known = sessionStorage.getItem(ASKED) ? null : localStorage.getItem(CLIENT);
  const client = known ?? (await register());
  const asked: Asked = { verifier: chance(), state: chance(), client, next: safeNext(next) };
  sessionStorage.setItem(ASKED, JSON.stringify(asked));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect(),
    scope: readOnly ? 'orchestra:read' : 'orchestra:read orchestra:write',
    state: asked.state,
    code_challenge: await challenge(asked.verifier),
    code_challenge_method: 'S256',
  });
  location.assign(`/oauth/authorize?${query}`);
}

export type Finished = { next: string } | { refused: string };

/** Makes the session of what the browser came back with. Each answer counts once. */
export async function finishSignIn(query: URLSearchParams): Promise<Finished> {
  const kept = sessionStorage.getItem(ASKED);
  sessionStorage.removeItem(ASKED);
  if (!kept) return { refused: 'nothing-asked' };
  const asked = JSON.parse(kept) as Asked;
  if (query.get('state') !== asked.state) return { refused: 'other-state' };
  const error = query.get('error');
  // A registration that the gateway no longer takes is made anew next time.
  if (error === 'invalid_client' || error === 'unauthorized_client') localStorage.removeItem(CLIENT);
  if (error) return { refused: query.get('error_description') ?? error };
  const answer = await fetch('/console/session', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'X-Downbeat-Console': '1' },
    body: new URLSearchParams({
      code: query.get('code') ?? '',
      code_verifier: asked.verifier,
      client_id: asked.client,
      redirect_uri: redirect(),
    }),
  });
  if (!answer.ok) {
    localStorage.removeItem(CLIENT);
    const body = (await answer.json().catch(() => undefined)) as { error_description?: string } | undefined;
    return { refused: body?.error_description ?? fromAnswer(answer.status, body).words };
  }
  accept(await answer.json());
  return { next: asked.next };
}
