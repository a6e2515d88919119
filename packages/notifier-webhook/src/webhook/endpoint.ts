import { TalonError } from '@falco-talon/core';

export interface Endpoint {
  readonly method: string;
  /** Without user and password: `fetch` refuses them in a URL. */
  readonly url: URL;
  readonly headers: Headers;
  /** Texts that must not appear in errors or logs, whatever the server sends back. */
  readonly secrets: readonly string[];
}

export interface EndpointSettings {
  readonly url: string;
  readonly http_method: string;
  readonly content_type: string;
  readonly user_agent: string;
  readonly custom_headers: Readonly<Record<string, string>>;
}

/** They belong to the connection, not to the message. */
const CONNECTION_HEADERS = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** @throws TalonError `invalid_config` that does not show the URL: it may hold a token */
export function endpoint(settings: EndpointSettings): Endpoint {
  const url = URL.parse(settings.url);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new TalonError('invalid_config', 'notifiers.webhook.url is not an http or https URL');
  }
  const headers = new Headers({ 'content-type': settings.content_type, 'user-agent': settings.user_agent });
  const credentials = basicCredentials(url);
  if (credentials !== undefined) headers.set('authorization', `Basic ${credentials.encoded}`);
  for (const [name, value] of Object.entries(settings.custom_headers)) {
    if (CONNECTION_HEADERS.includes(name.toLowerCase())) {
      throw new TalonError('invalid_config', `notifiers.webhook.custom_headers: ${name} cannot be set; remove it`);
    }
    headers.set(name, value);
  }
  const secrets = [
    ...(credentials === undefined ? [] : [credentials.encoded, credentials.password]),
    ...Object.values(settings.custom_headers),
    ...url.pathname.split('/'),
    ...url.searchParams.values(),
    url.search,
  ];
  url.username = '';
  url.password = '';
  return { method: settings.http_method, url, headers, secrets: secrets.filter(({ length }) => length >= 4) };
}

function basicCredentials(url: URL): { readonly encoded: string; readonly password: string } | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const [user, password] = [url.username, url.password].map(decoded);
  return { encoded: Buffer.from(`${user}:${password}`).toString('base64'), password: password ?? '' };
}

/** A password may hold a bare `%`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
