/** A proxied call: INVITE, 180, 200, ACK, BYE, 200 through our proxy, through Kamailio, and as bare datagrams. */
import { Callee } from './callee.js';
import { Caller } from './caller.js';
import { startApp, startKamailio, startModule } from './contestant.js';
import { kamailioProxy } from './kamailio.js';
import { pace } from './pace.js';
import { type Entrant, measureRounds, reportRounds } from './rounds.js';
import { answersOptions } from './ready.js';
import { UdpEnd } from './udp-end.js';

const PER_SECOND = 500;
const PLAN = { warmUp: 2_000, rounds: 5, perRound: 1_000 };
const ACCESS_POINT = 'sip.cordboard.test';

const config = (host: string, serverHost: string) => `
switch: { name: Bench, access-point: ${ACCESS_POINT}, external-contact: phones.cordboard.test }
applications:
  SIPP: { type: sip-proxy, host: ${host}, ports: { sip: 5060 }, options: { oos-check: 1 } }
  SIPS: { type: sip-server, server-id: 1, host: ${serverHost}, ports: { sip: 5060 } }
dns:
  - { number: 7001, type: Extension }
`;

/** Callers and callees of a contestant have addresses of their own: .X1 the contestant, .X2 callers, .X3 callees. */
async function ends(block: number, contact: (host: string) => string) {
  const [host, callerHost, calleeHost] = [1, 2, 3].map((n) => `127.0.31.${block * 10 + n}`) as [string, string, string];
  const [near, far] = [await UdpEnd.open(callerHost, 5060), await UdpEnd.open(calleeHost, 5060)];
  void new Callee(far, { contact: contact(calleeHost), toTag: (n) => `n1.${n}` });
  const caller = new Caller(near, { next: { host, port: 5060 }, uri: () => `sip:7001@${ACCESS_POINT}`, talkMs: 0 });
  const load = { run: (count: number) => pace({ count, perSecond: PER_SECOND }, (over) => caller.call(over)) };
  return { host, calleeHost, load, close: () => Promise.all([near.close(), far.close()]) };
}

const ours = await ends(1, () => `sip:n1@${ACCESS_POINT}`);
const theirs = await ends(2, (host) => `sip:n1@${host}:5060`);
const bare = await ends(3, (host) => `sip:n1@${host}:5060`);

const proxy = await startApp('sip-proxy', 'sip-proxy', config(ours.host, ours.calleeHost));
const floor = await startModule('floor, bare datagrams', 'floor.js', [bare.host, '5060', bare.calleeHost, '5060']);
const kamailio = await startKamailio(kamailioProxy(theirs.host, 5060, `sip:${theirs.calleeHost}:5060`), () => answersOptions(theirs.host, 5060));

const entrants: Entrant[] = [{ contestant: proxy, load: ours.load }];
if (kamailio !== undefined) entrants.push({ contestant: kamailio, load: theirs.load });
entrants.push({ contestant: floor, load: bare.load });
try {
  reportRounds('proxied call', await measureRounds(entrants, PLAN), 'at most 3 x Kamailio 5.6');
} finally {
  await Promise.all(entrants.map(({ contestant }) => contestant.stop()));
  await Promise.all([ours.close(), theirs.close(), bare.close()]);
}
