/**
 * The session of this browser: who is signed in, and the access token, which lives in memory only. The gateway keeps
 * what renews it in a cookie that no script reads. Renewals of several tabs come one after the other. Knows nothing
 * about pages; `sign-in.ts` makes a session, this file keeps it.
 */
import { useSyncExternalStore } from 'react';

export type SessionState = 'starting' | 'in' | 'out' | 'unreachable';

interface Granted {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  scope: string;
}

const PATH = '/console/session';
const OURS = { 'X-Downbeat-Console': '1' };
/** Part of a token's life after which it is renewed. */
const RENEW_AT = 0.8;

let token: string | undefined;
let state: SessionState = 'starting';
let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<boolean> | undefined;
const watchers = new Set<() => void>();

function become(next: SessionState): void {
  if (state === next) return;
  state = next;
  watchers.forEach((tell) => tell());
}

export function useSession(): SessionState {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => state,
  );
}

export function accessToken(): string | undefined {
  return token;
}

/** Takes what the gateway granted, and has it renewed in time. */
export function accept(granted: Granted): void {
  token = granted.access_token;
  clearTimeout(timer);
  // A timer takes no more than 2^31 ms; nothing that is granted lives as long.
  timer = setTimeout(() => void renew(), Math.min(granted.expires_in * 1000 * RENEW_AT, 2 ** 31 - 1));
  become('in');
}

function forget(next: SessionState): void {
  token = undefined;
  clearTimeout(timer);
  become(next);
}

async function ask(): Promise<boolean> {
  let answer: Response;
  try {
    answer = await fetch(`${PATH}/renew`, { method: 'POST', headers: OURS, credentials: 'same-origin' });
  } catch {
    // Nobody answers: the session may well be there still, and a token that lives goes on counting.
    if (!token) become('unreachable');
    return false;
  }
  if (answer.ok) {
    accept((await answer.json()) as Granted);
    return true;
  }
  if (answer.status === 401 || answer.status === 403 || answer.status === 404) forget('out');
  else if (!token) become('unreachable');
  return false;
}

/** A new token, if there is a session. Callers at the same time share one request, and tabs wait for each other. */
export function renew(): Promise<boolean> {
  const one = async (): Promise<boolean> => await navigator.locks.request('downbeat.session', ask);
  renewing ??= one().finally(() => {
    renewing = undefined;
  });
  return renewing;
}

/** Ends the session here and at the gateway. */
export async function signOut(): Promise<void> {
  try {
    await fetch(PATH, { method: 'DELETE', headers: OURS, credentials: 'same-origin' });
  } finally {
    forget('out');
  }
}
