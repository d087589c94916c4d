/**
 * Builds the console for its place below `/console/`, and serves it while it is made. Knows nothing about pages.
 *
 * `DOWNBEAT_API` is the gateway that answers (`http://127.0.0.1:7400`). With `DOWNBEAT_KEY`, the development server
 * itself stands for the sign-in: it hands out that key, so that no login is needed while pages are made. Nothing of
 * that is part of what is built.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, ProxyOptions } from 'vite';
import type { ViteUserConfig as UserConfig } from 'vitest/config';

const api = process.env.DOWNBEAT_API ?? 'http://127.0.0.1:7400';
const key = process.env.DOWNBEAT_KEY;

const gateway: Record<string, ProxyOptions> = Object.fromEntries(
  ['/api', '/oauth', '/console/session'].map((path) => [path, { target: api, changeOrigin: false }]),
);

/** The policy under which the gateway serves the console: what is tried here holds there. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

type Next = () => void;

/** Answers what the sign-in would, with the key. */
function signInByKey(given: string): Plugin {
  const answer = (response: ServerResponse, status: number, body?: unknown) => {
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse, next: Next) => {
    const path = (request.url ?? '').split('?')[0];
    if (path === '/console/session/renew') {
      return answer(response, 200, { access_token: given, expires_in: 3600, scope: 'orchestra:read orchestra:write' });
    }
    if (path === '/console/session' && request.method === 'DELETE') return answer(response, 204);
    if (path === '/api/engine/public/me') {
      // A gateway from before this route: whoever has the key may do everything here.
      const real = await fetch(`${api}${path}`, { headers: { authorization: request.headers.authorization ?? '' } });
      if (real.status !== 404) return answer(response, real.status, await real.json());
      return answer(response, 200, {
        accountId: '', accountName: 'Development', name: 'dev', kind: 'key', role: 'ADMIN', labels: [], loginId: null, keyId: null, readOnly: false, expiresAt: null,
      });
    }
    return next();
  };
  // What is returned would be called once more by vite: nothing is.
  const use = (server: { middlewares: { use: (handler: typeof handle) => void } }) => {
    server.middlewares.use(handle);
  };
  return { name: 'sign-in-by-key', configureServer: use, configurePreviewServer: use };
}

const config: UserConfig = {
  base: '/console/',
  plugins: key ? [signInByKey(key)] : [],
  build: {
    target: 'es2022',
    // The policy of the gateway allows neither data URLs of scripts nor inline ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    rolldownOptions: {
      // Libraries mark files for servers that draw React; there is none here.
      onwarn: (warning, tell) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && tell(warning),
    },
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1', proxy: gateway },
  preview: { host: '127.0.0.1', proxy: gateway, headers: { 'content-security-policy': POLICY } },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'node' },
};

export default config;
