/**
 * Requests to the public API, with the token of the session. An answer that is no good is thrown as `ApiError`; a token
 * that is not taken is renewed once. Knows no route and no shape.
 */
import { ApiError, asApiError, fromAnswer } from './errors';
import { accessToken, renew } from './session';

export const BASE = '/api/engine/public';

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;
export interface Asking {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  /** Why it is asked for, as the audit keeps it. */
  reason?: string;
  signal?: AbortSignal;
}

/** `path?query` below the API; lists are joined by commas, and what is absent or empty is left out. */
export function address(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) {
      if (value.length > 0) parts.set(name, value.join(','));
    } else parts.set(name, String(value));
  }
  const text = parts.toString();
  return `${BASE}${path}${text ? `?${text}` : ''}`;
}

/** A segment of a path. */
export const seg = (text: string): string => encodeURIComponent(text);

/** Text in any script, so it travels as bytes (docs/audit.md). */
function because(reason: string | undefined): Record<string, string> {
  const clean = reason?.trim();
  return clean ? { 'downbeat-reason-bin': btoa(String.fromCharCode(...new TextEncoder().encode(clean))) } : {};
}

/** The answer as it came; status 401 is asked once more with a new token. */
export async function send(method: string, path: string, asking: Asking = {}): Promise<Response> {
  const once = () =>
    fetch(address(path, asking.query), {
      method,
      signal: asking.signal,
      headers: {
        ...(accessToken() ? { authorization: `Bearer ${accessToken()}` } : {}),
        ...(asking.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...because(asking.reason),
        ...asking.headers,
      },
      body: asking.body === undefined ? undefined : JSON.stringify(asking.body),
    });
  try {
    let answer = await once();
    if (answer.status === 401 && (await renew())) answer = await once();
    if (answer.ok) return answer;
    const text = await answer.text();
    throw fromAnswer(answer.status, parsed(text), answer.headers.get('retry-after'));
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    throw asApiError(thrown);
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

async function json<T>(method: string, path: string, asking?: Asking): Promise<T> {
  const answer = await send(method, path, asking);
  const text = await answer.text();
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T;
  } catch {
    throw new ApiError(answer.status, text.slice(0, 200));
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => json<T>('GET', path, { query, signal });
export const post = <T>(path: string, body?: unknown, more?: Asking): Promise<T> => json<T>('POST', path, { ...more, body: body ?? {} });
export const put = <T>(path: string, body: unknown, more?: Asking): Promise<T> => json<T>('PUT', path, { ...more, body });
export const patch = <T>(path: string, body: unknown, more?: Asking): Promise<T> => json<T>('PATCH', path, { ...more, body });
export const remove = <T = void>(path: string, query?: Query, more?: Asking): Promise<T> => json<T>('DELETE', path, { ...more, query });
export const text = async (path: string, query?: Query, signal?: AbortSignal): Promise<string> =>
  (await send('GET', path, { query, signal })).text();
