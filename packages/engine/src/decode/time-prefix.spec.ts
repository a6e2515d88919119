import { expect, it } from 'vitest';
import { cutTimePrefix } from './time-prefix.ts';

it.each([
  ['09:29:46.302906000: Notice Attach to pod (user=x)', 'Attach to pod (user=x)'],
  ['14:09:17.699479000: Informational K8s Serviceaccount Created', 'K8s Serviceaccount Created'],
  ['14:09:17.699479000: Info Something', 'Something'],
  ['14:09:17.699479000: WARNING Something', 'Something'],
  ['2026-01-02T03:04:05.678901234+0000: Error Disk', 'Disk'],
  ['2026-01-02T03:04:05.678901234Z: Critical Disk', 'Disk'],
  ['2026-01-02T03:04:05+02:00: Emergency Disk', 'Disk'],
])('cuts %j', (output, rest) => expect(cutTimePrefix(output)).toBe(rest));

it.each([
  'No prefix at all',
  '14:09:17.699479000: Information is not a priority',
  '14:09:17.699479000: Informational',
  '14:09:17.699479000: Noticeable change',
  '14:09:17: Notice short time',
  'x 14:09:17.699479000: Notice not at the start',
  '',
])('leaves %j alone', (output) => expect(cutTimePrefix(output)).toBe(output));

it('cuts once', () => {
  const prefix = '14:09:17.699479000: Notice ';
  expect(cutTimePrefix(`${prefix}${prefix}x`)).toBe(`${prefix}x`);
});
