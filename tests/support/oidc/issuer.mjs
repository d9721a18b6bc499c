// Two issuers of OpenID Connect on loopback, for the tests: real ones, by the certified oidc-provider. What a test may
// change (clients, people, keys) is changed over HTTP at /control/; the first line printed names their addresses.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const CLAIMS = { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups', 'realm_access'] };

function makeKey(alg) {
  const kind = alg === 'ES256' ? ['ec', { namedCurve: 'P-256' }] : ['rsa', { modulusLength: 2048 }];
  const { privateKey } = generateKeyPairSync(...kind);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: randomUUID() };
}

class TestIssuer {
  constructor(alg, thin) {
    this.alg = alg;
    this.thin = thin;
    this.clients = [];
    this.people = new Map();
    this.firstKey = makeKey(alg);
    this.keys = [this.firstKey];
    this.server = http.createServer((request, response) => this.answer(request, response));
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.rebuild();
  }

  rebuild() {
    const provider = new Provider(this.url, {
      clients: this.clients.map((client) => ({ ...client, id_token_signed_response_alg: this.alg })),
      claims: CLAIMS,
      scopes: ['openid', 'email', 'profile'],
      jwks: { keys: this.keys },
      // Cookies know no ports: the two issuers must not see each other's.
      cookies: { keys: ['tests'], names: { session: `s-${this.alg}`, interaction: `i-${this.alg}`, resume: `r-${this.alg}` } },
      // Thin ID tokens: what a scope opens is told at the userinfo endpoint alone.
      conformIdTokenClaims: this.thin,
      enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
      features: { devInteractions: { enabled: true } },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...this.people.get(sub) }) }),
      // Nobody is asked whether this registry may know them.
      loadExistingGrant: async (ctx) => {
        const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
    this.handle = provider.callback();
  }

  // One client for all registries of the tests: each adds its addresses.
  register(told) {
    const known = this.clients.find((client) => client.client_id === told.client_id) ?? {};
    const together = (name) => [...(known[name] ?? []), ...told[name]];
    const both = ['redirect_uris', 'post_logout_redirect_uris'];
    this.clients = [{ ...told, ...Object.fromEntries(both.map((name) => [name, [...new Set(together(name))]])) }];
  }

  async answer(request, response) {
    if (!request.url.startsWith('/control/')) return this.handle(request, response);
    let body = '';
    for await (const chunk of request) body += chunk;
    const told = body ? JSON.parse(body) : {};
    const what = request.url.slice('/control/'.length);
    if (what === 'client') this.register(told);
    if (what === 'person') this.people.set(told.sub, told.claims);
    if (what === 'rotate') this.keys = [told.fresh ? makeKey(this.alg) : this.firstKey];
    if (what !== 'person') this.rebuild();
    return response.end('{}');
  }
}

const issuers = [new TestIssuer('RS256', true), new TestIssuer('ES256', false)];
for (const issuer of issuers) await issuer.listen();
console.log(JSON.stringify(issuers.map((issuer) => issuer.url)));
// Whoever started this holds the other end: it ends with them.
process.stdin.on('end', () => process.exit(0)).resume();
