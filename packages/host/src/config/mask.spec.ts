import { expect, it } from 'vitest';
import { withoutUserInfo } from './mask.ts';

it.each([
  ['nats://bob:secret@host:4222', 'nats://********@host:4222'],
  ['nats://bob:se@cret@host:4222', 'nats://********@host:4222'],
  ['nats://bob:se/cr@et@host:4222', 'nats://********@host:4222'],
  ['nats://token@host', 'nats://********@host'],
  ['https://host/team@work', 'https://host/team@work'],
  ['https://host:8080/team@work', 'https://host:8080/team@work'],
])('%s is shown without what only its owner may know', (text, shown) => {
  expect(withoutUserInfo(text)).toBe(shown);
});
