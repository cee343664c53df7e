import { MemoryKeyValueStore } from '#cluster';
import { VirtualClock } from '#simulation';
import { Lock } from './lock.js';
import { LOCK_KEY } from './stored.js';

describe('the lock of a data centre', () => {
  it('is renewed once by writers who need it at the same time, and goes with its release', async () => {
    const clock = new VirtualClock();
    const bucket = await new MemoryKeyValueStore(clock).bucket('limits-dc1');
    const lock = await Lock.take(bucket, clock);
    await clock.advance(11_000);
    await Promise.all([lock.renew(), lock.renew(), lock.renew()]);
    expect((await bucket.get(LOCK_KEY))?.revision).toBe(lock.revision + 1);
    await clock.advance(25_000);
    await Promise.all([lock.renew(), lock.renew()]);
    expect((await bucket.get(LOCK_KEY))?.revision).toBe(lock.revision + 2);
    await lock.release();
    expect(await bucket.get(LOCK_KEY)).toBeUndefined();
  });

  it('is told as lost to every writer once another one has it', async () => {
    const clock = new VirtualClock();
    const bucket = await new MemoryKeyValueStore(clock).bucket('limits-dc1');
    const lock = await Lock.take(bucket, clock);
    await clock.advance(31_000);
    await Lock.take(bucket, clock);
    const renewed = await Promise.allSettled([lock.renew(), lock.renew()]);
    expect(renewed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(lock.renew()).rejects.toMatchObject({ code: 'KV_REVISION_CONFLICT' });
  });
});
