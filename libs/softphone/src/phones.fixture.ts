/** For specs: phones on both ends of a simulated link, no proxy between them; a registrar that challenges. */
import {
  type HeaderLine, makeChallenge, makeResponse, parseAuthorization, parseMessage, type ServerTransaction, type SipRequest, stampMessage,
  TransactionLayer, verifyDigest,
} from '#sip';
import { type SimPorts, World, type WorldOptions } from '#simulation';
import type { PhoneOptions } from './phone.js';
import { Softphones } from './softphones.js';

export interface Wire {
  readonly world: World;
  readonly alice: Softphones;
  readonly bob: Softphones;
}

/** alice at 10.0.0.1, bob at 10.0.0.2; what goes to a domain `x` goes to that host. */
export async function makeWire(seed = 1, options: WorldOptions = {}): Promise<Wire> {
  const world = new World(seed, options);
  const { phones: alice } = await world.start('alice', (ports) => startPhones(ports, '10.0.0.1'));
  const { phones: bob } = await world.start('bob', (ports) => startPhones(ports, '10.0.0.2'));
  return { world, alice, bob };
}

function listen(ports: SimPorts, host: string) {
  return ports.sip.listen(ports.node, [{ transport: 'udp', host, port: 5060 }], (bytes, source) => parseMessage(stampMessage(bytes, source, 'asked').text));
}

function startPhones(ports: SimPorts, host: string) {
  const phones = new Softphones({
    ...ports, transport: listen(ports, host),
    route: (uri, done) => done([{ transport: 'udp', host: uri.host, port: uri.port ?? 5060 }]),
  });
  return { phones, close: () => phones.close() };
}

export const ALICE: PhoneOptions = { user: 'alice', domain: '10.0.0.2' };
export const BOB: PhoneOptions = { user: 'bob', domain: '10.0.0.1' };

/** Answers what `answer` says once the password is right; at 10.0.0.9. */
export class FakeRegistrar {
  readonly heard: string[] = [];
  answer: (request: SipRequest) => { status: number; headers?: HeaderLine[] } = (request) => ({
    status: 200, headers: [['Contact', `${request.values('Contact')[0]};expires=${request.header('Expires')}`]],
  });
  #nonce = 1;

  static async start(world: World): Promise<FakeRegistrar> {
    const registrar = new FakeRegistrar();
    await world.start('registrar', (ports) => {
      const layer = new TransactionLayer({ ...ports, transport: listen(ports, '10.0.0.9') });
      layer.onRequest = (request, transaction) => registrar.#onRequest(request, transaction);
      return { close: () => layer.close() };
    });
    return registrar;
  }

  newNonce(): void {
    this.#nonce += 1;
  }

  #onRequest(request: SipRequest, transaction: ServerTransaction): void {
    const credentials = parseAuthorization(request.header('Authorization') ?? '');
    const right = credentials?.nonce === `n${this.#nonce}` && verifyDigest(credentials, request.method, 'secret');
    const { status, headers = [] } = right ? this.answer(request) : {
      status: 401, headers: [['WWW-Authenticate', makeChallenge({ realm: 'test', nonce: `n${this.#nonce}`, algorithm: 'SHA-256' })]] as HeaderLine[],
    };
    this.heard.push(`${request.header('Expires')} ${credentials === undefined ? 'plain' : `nc=${credentials.nc}`} ${status}`);
    transaction.respond(makeResponse(request, status, undefined, { toTag: 'r', headers }));
  }
}
