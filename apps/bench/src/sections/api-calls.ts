import type { Measurement, Section } from '../measurement.ts';
import { callCases, countCalls } from '../call-cases.ts';

/** Calls to the API server per action, counted at the server. The limits are what the product promises. */
export const apiCalls: Section = {
  name: 'api-calls',
  async run() {
    const results: Measurement[] = [];
    for (const { promised, ...call } of callCases) {
      results.push({
        name: call.name,
        value: await countCalls(call),
        unit: 'calls',
        limit: { kind: 'exactly', value: promised },
      });
    }
    return results;
  },
};
