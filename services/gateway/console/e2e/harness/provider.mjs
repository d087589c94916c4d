/**
 * An identity provider (OpenID Connect) that knows whoever `person` says, and signs what it says of them. It asks for PKCE,
 * and nobody for a password. A gateway of its own believes it: `withProvider`.
 */
import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { downbeat, end, freePort, start, until } from './programs.mjs';

const CLIENT = 'downbeat';
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

class Provider {
  static async start() {
    const provider = new Provider();
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    provider.key = pair.privateKey;
    provider.keys = [{ ...pair.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'first' }];
    provider.codes = new Map();
    const port = await freePort();
    provider.issuer = `http://127.0.0.1:${port}`;
    provider.server = createServer((request, response) => void provider.answer(request, response));
    await new Promise((resolve) => provider.server.listen(port, '127.0.0.1', resolve));
    return provider;
  }

  async answer(request, response) {
    const say = (status, body, head = {}) => response.writeHead(status, { 'content-type': 'application/json', ...head }).end(JSON.stringify(body));
    const { pathname, searchParams: asked } = new URL(request.url, this.issuer);
    if (pathname === '/.well-known/openid-configuration') {
      return say(200, { issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys` });
    }
    if (pathname === '/keys') return say(200, { keys: this.keys });
    if (pathname === '/authorize') {
      const code = randomUUID();
      this.codes.set(code, { nonce: asked.get('nonce'), challenge: asked.get('code_challenge'), person: this.person });
      const query = new URLSearchParams({ code, state: asked.get('state') ?? '' });
      return say(302, {}, { location: `${asked.get('redirect_uri')}?${query}` });
    }
    if (pathname !== '/token') return say(404, {});
    let body = '';
    for await (const piece of request) body += piece;
    const form = new URLSearchParams(body);
    const known = this.codes.get(form.get('code'));
    this.codes.delete(form.get('code'));
    if (!known || createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') !== known.challenge) return say(400, { error: 'invalid_grant' });
    return say(200, { access_token: 'x', token_type: 'Bearer', id_token: this.word(known) });
  }

  word({ nonce, person }) {
    const now = Math.floor(Date.now() / 1000);
    const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: 'first' })}.${encoded({ iss: this.issuer, aud: CLIENT, sub: person.email, nonce, iat: now, exp: now + 300, email_verified: true, ...person })}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.key, 'base64url')}`;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** A gateway before the services of `server`, which believes a provider and these rules for groups. It stands in a server's place for `Site`. */
class Gateway {
  constructor(server, args) {
    this.server = server;
    this.args = args;
  }

  async up() {
    const { host } = new URL(this.origin);
    const services = `http://127.0.0.1:${this.server.port}`;
    this.program = start(join(dirname(downbeat()), 'downbeat-gateway'), ['--listen', host, '--coordinator', services, '--metadata', services, ...this.args]);
    await until('the gateway is ready', async () => {
      if (this.program.ended) throw new Error(`it ended:\n${this.program.said}`);
      return (await fetch(`${this.origin}/api/engine/public/health`).catch(() => undefined))?.ok;
    });
  }

  async down() {
    if (this.program) await end(this.program);
  }
}

/** Both, and how they end. `rules` are as `--oidc-role` takes them. */
export async function withProvider(server, rules) {
  const provider = await Provider.start();
  const gateway = new Gateway(server, ['--oidc-issuer', provider.issuer, '--oidc-client-id', CLIENT, ...rules.flatMap((rule) => ['--oidc-role', rule])]);
  gateway.origin = `http://127.0.0.1:${await freePort()}`;
  const stop = async () => {
    await gateway.down();
    await provider.stop();
  };
  try {
    await gateway.up();
  } catch (error) {
    await stop();
    throw error;
  }
  return { provider, gateway, stop };
}
