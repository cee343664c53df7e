import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { MemoryLocationStore } from '#store';
import { configuredStores } from './stores.js';

const keeper = { keeps: () => true, onLost: () => {} };
const storesOf = (stores: string) => configuredStores(parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
stores: ${stores}
applications:
  P1: { type: sip-proxy, geo-location: dc1, host: 127.0.0.1, ports: { sip: 5060 } }
`, 'switch.yaml').config, { clock: new VirtualClock(), log: silentLog, meter: new CountingMeter() });

describe('the stores of a process', () => {
  it('are in its memory unless the file says more', async () => {
    const stores = await storesOf('{}');
    expect(await stores.location({ name: 'P1', dataCentre: 'dc1', keeper })).toBeInstanceOf(MemoryLocationStore);
  });

  it('count calls once for all tiers, whichever of them closes', async () => {
    const stores = await storesOf('{}');
    const [proxy, controller] = [await stores.limiter('dc1'), await stores.limiter('dc1')];
    await proxy.acquire('c1', { checks: [], takes: [{ counter: 'x' }] }, 60_000);
    expect(await controller.usage(['x'])).toEqual([1]);
    await proxy.close();
    await controller.close();
    expect(await (await stores.limiter('dc1')).usage(['x'])).toEqual([1]);
  });

  it('are at the server of its data centre, which need not answer', async () => {
    const nobody = '{ driver: redis, data-centres: { dc1: "redis://127.0.25.1:1" } }';
    const limiter = await (await storesOf(`{ limiter: ${nobody} }`)).limiter('dc1');
    await expect(limiter.release(['c1'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await limiter.close();
  });
});
