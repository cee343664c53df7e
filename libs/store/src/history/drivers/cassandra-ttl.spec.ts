import { ttlSeconds } from './cassandra-ttl.js';

const NOW = Date.UTC(2026, 0, 10);
const DAY_MS = 86_400_000;

it.each<[string, number, number | undefined, number]>([
  ['counts from when the record began', NOW - DAY_MS, 2 * DAY_MS, 86_400],
  ['in seconds, not too few', NOW - DAY_MS + 1, 2 * DAY_MS, 86_401],
  ['ends at once what is too old already', NOW - 3 * DAY_MS, 2 * DAY_MS, 1],
  ['is no longer than Cassandra takes', NOW, 36_500 * DAY_MS, 630_720_000],
  ['is none without a retention', NOW, undefined, 0],
  ['is none for what has no time', 0, 2 * DAY_MS, 0],
])('the life of a row %s', (_name, atMs, retentionMs, seconds) => {
  expect(ttlSeconds(atMs, retentionMs, NOW)).toBe(seconds);
});
