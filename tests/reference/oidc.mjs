// An OpenID provider for tests: one client, three people, groups in the userinfo endpoint or the ID token, keys that change.
// node provider.mjs KEY CERTIFICATE REDIRECT; prints one line with its port; SIGUSR2 changes the signing key.
import fs from 'node:fs';
import https from 'node:https';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [, , keyFile, certFile, redirect] = process.argv;
const groups = { ada: ['exhibit-admins', 'staff'], vera: ['staff'], nobody: [] };
const people = Object.keys(groups);

// A key a generation: RSA, then elliptic curve. By way of its text: Node 20 can wait for itself for ever when it exports a key whose
// making it has not yet swept away, because both hold one lock.
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' };
const publicKeyEncoding = { type: 'spki', format: 'pem' };
const generations = ['rsa', 'ec'].map((type, at) => {
  const options = { privateKeyEncoding, publicKeyEncoding, modulusLength: 2048, namedCurve: 'P-256' };
  const jwk = createPrivateKey(generateKeyPairSync(type, options).privateKey).export({ format: 'jwk' });
  return { ...jwk, kid: `key-${at}`, use: 'sig', alg: type === 'rsa' ? 'RS256' : 'ES256' };
});

let generation = 0;
let port;
const make = () => new Provider(`https://localhost:${port}`, {
  clients: ['exhibit', 'other'].map((client_id) => ({
    client_id,
    client_secret: 'a secret: with /signs+',
    redirect_uris: [redirect],
    id_token_signed_response_alg: generations[generation].alg,
  })),
  jwks: { keys: [generations[generation]] },
  cookies: { keys: ['for tests'] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email'], groups: ['groups'] },
  scopes: ['openid', 'groups'],
  conformIdTokenClaims: process.env.IN_ID_TOKEN === undefined,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => people.includes(id) && {
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, name: `${id} of Example`, email: `${id}@example.com`, groups: groups[id] }),
  },
});

// Whoever says who they are is believed, and everything is agreed to.
const interaction = async (provider, request, response) => {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  const login = new URL(request.url, 'https://localhost').searchParams.get('login');
  if (prompt.name === 'login') {
    if (!login) return response.writeHead(200, { 'content-type': 'text/plain' }).end('who?');
    return provider.interactionFinished(request, response, login === 'refuse' ? { error: 'access_denied' } : { login: { accountId: login } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
};

let provider;
const server = https.createServer({ key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile) }, (request, response) => {
  if (request.url.startsWith('/interaction/')) {
    interaction(provider, request, response).catch((error) => response.writeHead(500).end(String(error)));
  } else provider.callback()(request, response);
});
server.listen(0, '127.0.0.1', () => {
  port = server.address().port;
  provider = make();
  console.log(JSON.stringify({ port }));
});
process.on('SIGUSR2', () => {
  generation = 1;
  provider = make();
  console.log(JSON.stringify({ changed: true }));
});
