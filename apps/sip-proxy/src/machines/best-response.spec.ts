import { bestResponse } from './best-response.js';

describe('the best response (RFC 3261 §16.7)', () => {
  it.each([
    ['any 6xx', [404, 302, 603], 603],
    ['the lowest class', [503, 486, 302], 302],
    ['within 4xx what says how to ask again', [486, 404, 401], 401],
    ['the first of equals', [486, 404], 486],
    ['a 5xx that is not 503', [503, 500], 500],
    ['the only one', [503], 503],
  ])('is %s', (_what, statuses, wanted) => expect(statuses[bestResponse(statuses)]).toBe(wanted));
});
