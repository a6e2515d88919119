import { defineNotifier, oneOf, strictObject, Type } from '@falco-talon/core';
import { endpoint } from './endpoint.ts';
import { payload } from './payload.ts';
import { send } from './send.ts';

/** What HTTP allows in a header; above all no line breaks. */
const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z\\-]+$";
const HEADER_VALUE = '^[\\t\\x20-\\x7e\\x80-\\xff]*$';

export const webhook = defineNotifier({
  name: 'webhook',
  description: 'Sends each outcome as JSON to an HTTP endpoint.',
  settings: strictObject({
    url: Type.String({
      description: 'Where to send to, http or https. User and password in it are sent as basic authentication.',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#]+[^\\s]*$',
      writeOnly: true,
    }),
    http_method: oneOf(['POST', 'PUT', 'PATCH'], { description: 'The HTTP method.', default: 'POST' }),
    content_type: Type.String({
      description: 'The header Content-Type; the body is JSON whatever it says.',
      default: 'application/json; charset=utf-8',
      pattern: HEADER_VALUE,
      minLength: 1,
    }),
    user_agent: Type.String({
      description: 'The header User-Agent.',
      default: 'falco-talon',
      pattern: HEADER_VALUE,
      minLength: 1,
    }),
    custom_headers: Type.Record(
      Type.String({ pattern: HEADER_NAME }),
      Type.String({ pattern: HEADER_VALUE, writeOnly: true }),
      { description: 'More headers, for example for authorization; they win over the ones above.', default: {} },
    ),
    format: oneOf(['full', 'short'], {
      description: 'full: the whole record; short: only pod, namespace, action and status.',
      default: 'full',
    }),
  }),
  oldNames: {
    httpmethod: 'http_method',
    contenttype: 'content_type',
    useragent: 'user_agent',
    customheaders: 'custom_headers',
  },
  async notify({ settings, records, signal, now, span }) {
    const to = endpoint(settings);
    for (const record of records) {
      await span('send webhook', () => send(to, payload(record, settings.format), { signal, now }));
    }
  },
});
