import { definePlugin } from '@falco-talon/core';
import webhooks from '@falco-talon/notifier-webhook';

/** A plugin of the program under test: the webhook notifier under several names, so that several receivers are told at once. */

/** What becomes of a call to each of them. */
export const RECEIVERS = ['answers', 'throttles', 'fails', 'resets', 'hangs', 'nowhere'] as const;
export type ReceiverName = (typeof RECEIVERS)[number];

const [webhook] = webhooks.notifiers ?? [];
if (!webhook) throw new Error('the package of the webhook notifier brings none');

export default definePlugin({
  name: 'webhooks',
  category: 'webhooks',
  notifiers: RECEIVERS.map((name) => ({ ...webhook, name, description: `A webhook that ${name}.` })),
});
