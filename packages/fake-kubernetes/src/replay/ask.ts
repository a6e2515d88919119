import type { Called, Client } from './client.ts';
import type { Exchange } from './exchange.ts';
import { CONTENT_TYPES } from './exchange.ts';

/** Sends what was sent when the exchange was recorded. */
export async function ask(api: Client, exchange: Exchange): Promise<Called> {
  const [method = '', path = ''] = exchange.request.split(' ');
  const { as, type = '', accept, send } = exchange;
  return api.call(method, path, {
    ...(as === 'a stranger' ? { token: 'unknown' } : {}),
    ...(as === 'nobody' ? { as } : {}),
    ...(as === 'restricted' || as === 'temp' ? { as: `system:serviceaccount:shop:${as}` } : {}),
    ...(type === '' ? {} : { type: CONTENT_TYPES[type] ?? type }),
    ...(accept === undefined ? {} : { headers: { accept } }),
    body: send,
  });
}
