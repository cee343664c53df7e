/** Call limits (LIM-*) are exact over four proxies of two data centres. `LIMITS_ROUNDS` says how often; the full claim is 20. */
import { becomes } from '../support/becomes.js';
import { hangUpAll } from '../support/carrier.js';
import { LimitsCluster } from '../support/limits-cluster.js';
import { NUMBERS, oneMayWait, race, REFUSED, RIGHT, seedRound } from '../support/limits-round.js';
import { natsSuite } from '../support/nats.js';
import { redisSuite } from '../support/servers.js';

const PER_SECOND = 200;
const ROUNDS = Number(process.env['LIMITS_ROUNDS'] ?? 2);
const ROUND_MS = 90_000;
/** Numbers that get a call through each proxy at once, in each round. */
const RACED = NUMBERS.slice(0, 25);

redisSuite('call limits of two data centres, one Redis', () => natsSuite('and four proxies over NATS', () => {
  let cluster: LimitsCluster;

  beforeAll(async () => {
    cluster = await LimitsCluster.start();
    await oneMayWait(cluster.api);
  }, 240_000);
  afterAll(() => cluster?.stop(), 60_000);

  const triedAgain = (): number => cluster.carriers.reduce((sum, carrier) => sum + carrier.triedAgain, 0);

  it(`${ROUNDS} times: of a hundred calls exactly those to the fifty queues with a caller are refused`, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Each round the calls to a number come by other proxies.
      const found = await seedRound(cluster.api, (called, n) => cluster.place(called, n + round), PER_SECOND);
      console.log(`round ${round}: ${found.refused.length} refused, ${found.queued.length} queued, ${found.other.length} other, `
        + `${found.left} left; ${triedAgain()} tried again because a node was busy`);
      expect(found).toEqual(RIGHT);
      expect(await becomes(() => cluster.records(), (records) => records === 0)).toBe(0);
    }
  }, ROUNDS * ROUND_MS);

  it(`${ROUNDS} times: of four calls at once to a number, one by each proxy, exactly one is let in`, async () => {
    const places = cluster.proxies.map((_, n) => (called: string) => cluster.place(called, n));
    for (let round = 1; round <= ROUNDS; round += 1) {
      const found = await race(cluster.api, places, RACED);
      console.log(`race ${round}: ${RACED.length} numbers, ${found.wrong.length} wrong, ${found.left} left`);
      expect(found).toEqual({ wrong: [], left: 0 });
    }
  }, ROUNDS * ROUND_MS);

  it('a rule that is changed in one data centre refuses the very next call of the other', async () => {
    const called = NUMBERS[60]!;
    for (let n = 1; n < 10; n += 1) {
      // The second and fourth proxy are of the other data centre.
      const proxy = 2 * n - 1;
      await cluster.api.patch(`w${called}`, { limit: 1 });
      const placed = await cluster.place(called, proxy);
      expect(placed.outcome).toBe('queued');
      await hangUpAll([placed]);
      await cluster.api.patch(`w${called}`, { limit: 0 });
      expect((await cluster.place(called, proxy)).outcome).toBe(REFUSED);
    }
    expect(await becomes(() => cluster.api.used(), (used) => used === 0)).toBe(0);
  }, 60_000);
}));
