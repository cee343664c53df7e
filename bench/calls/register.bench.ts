/** A registration with digest: REGISTER, 401, REGISTER, 200; ours through proxy, session controller and t-controller, in one process. */
import { startApp, startKamailio } from './contestant.js';
import { kamailioRegistrar } from './kamailio.js';
import { pace } from './pace.js';
import { Phones } from './phones.js';
import { answersOptions } from './ready.js';
import { type Entrant, measureRounds, reportRounds } from './rounds.js';
import { UdpEnd } from './udp-end.js';

const PER_SECOND = 1_000;
const PLAN = { warmUp: 6_000, rounds: 5, perRound: 2_000 };
const REALM = 'sip.cordboard.test';
const FIRST_DN = 20_000;
const DNS = 2_000;

const config = (host: string) => `
switch: { name: Bench, access-point: ${REALM}, external-contact: phones.cordboard.test }
applications:
  SIPP: { type: sip-proxy, host: ${host}, ports: { sip: 5060 } }
  SIPS: { type: sip-server, server-id: 1, host: ${host}, ports: { sip: 5070, TCport: 7001 } }
dns:
  - { numbers: ${FIRST_DN}-${FIRST_DN + DNS - 1}, type: Extension, options: { contact: "*", password: "secret-\${number}" } }
`;

async function phones(block: number) {
  const host = `127.0.31.${block * 10 + 1}`;
  const end = await UdpEnd.open(`127.0.31.${block * 10 + 2}`, 5060);
  const all = new Phones(end, { registrar: { host, port: 5060 }, realm: REALM, expiresS: 600 });
  let next = 0;
  const one = (over: (problem?: string) => void) => {
    next = (next + 1) % DNS;
    all.register(String(FIRST_DN + next), over);
  };
  return { host, load: { run: (count: number) => pace({ count, perSecond: PER_SECOND }, one) }, close: () => end.close() };
}

const [ours, theirs] = [await phones(4), await phones(5)];
const cluster = await startApp('proxy and session controller', 'cordboard', config(ours.host));
await answersOptions(ours.host, 5060);
const kamailio = await startKamailio(kamailioRegistrar(theirs.host, 5060, REALM), () => answersOptions(theirs.host, 5060));

const entrants: Entrant[] = [{ contestant: cluster, load: ours.load }];
if (kamailio !== undefined) entrants.push({ contestant: kamailio, load: theirs.load });
try {
  reportRounds('registration', await measureRounds(entrants, PLAN), 'at most 4 x Kamailio 5.6');
} finally {
  await Promise.all(entrants.map(({ contestant }) => contestant.stop()));
  await Promise.all([ours.close(), theirs.close()]);
}
