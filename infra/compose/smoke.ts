/** From the host, against the running containers: a phone registered in dc1 is rung by a call in dc2, both by the SRV name. */
import { Resolver } from 'node:dns/promises';
import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';

const ACCESS_POINT = 'sip.cordboard.test';
const DNS_PORT = 5300;
/** The host's own address on the network between the data centres. */
const HOST = '172.29.0.1';
const PATIENCE_MS = 20_000;

/** The names of the proxies that the DNS of a data centre puts first. */
async function nearest(dataCentre: 1 | 2): Promise<string> {
  const resolver = new Resolver();
  resolver.setServers([`172.29.${dataCentre}.41:${DNS_PORT}`]);
  const records = await resolver.resolveSrv(`_sip._udp.${ACCESS_POINT}`);
  const first = Math.min(...records.map(({ priority }) => priority));
  return records.filter(({ priority }) => priority === first).map(({ name }) => name.split('.')[0]).sort().join(' ');
}

async function registered(phones: Softphones, user: string): Promise<Phone> {
  const phone = phones.add({ user, domain: ACCESS_POINT, password: `secret-${user}` });
  const status = await phone.register();
  if (status !== 200) throw new Error(`${user} is not registered: ${status}`);
  return phone;
}

async function main(): Promise<void> {
  for (const [dataCentre, expected] of [[1, 'sipp-dc1-1 sipp-dc1-2'], [2, 'sipp-dc2-1 sipp-dc2-2']] as const) {
    const found = await nearest(dataCentre);
    if (found !== expected) throw new Error(`the DNS of dc${dataCentre} lists first: ${found}`);
    console.log(`dns of dc${dataCentre}: ${found} first`);
  }
  const opened: Softphones[] = [];
  const open = async (dataCentre: 1 | 2): Promise<Softphones> => {
    const nameserver = { host: `172.29.${dataCentre}.41`, port: DNS_PORT };
    const phones = await openSoftphones({ listen: [{ transport: 'udp', host: HOST, port: 0 }], nameserver });
    opened.push(phones);
    return phones;
  };
  const called = await registered(await open(1), '7001');
  const caller = await registered(await open(2), '7002');
  const arrives = new Promise<Call>((resolve) => { called.events.onCall = resolve; });
  const calling = caller.call('7001');
  const ringing = await arrives;
  console.log('7001, registered in dc1, rings for 7002 in dc2');
  ringing.answer();
  await Promise.all([calling.until('Established'), ringing.until('Established')]);
  calling.hangUp();
  await ringing.until('Ended');
  console.log('answered, and ended by its caller');
  for (const phones of opened) await phones.close();
}

const late = setTimeout(() => { throw new Error(`not through within ${PATIENCE_MS / 1_000} s`); }, PATIENCE_MS);
await main();
clearTimeout(late);
console.log('smoke passed');
