import 'reflect-metadata';
import { connect } from 'node:net';
import { Controller, Module, type PipeTransform } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { TEvent, TRequest as Request } from '../message.js';
import { type TlibClientContext, TlibStrategy, TRequest } from './strategy.js';
import { TlibError } from './tlib-error.js';

/** Each turn of the event loop that a request names in its Extensions delays its start. */
class Delay implements PipeTransform<Request, Promise<Request>> {
  async transform(request: Request): Promise<Request> {
    for (let turns = delayOf(request); turns > 0; turns -= 1) await new Promise(setImmediate);
    return request;
  }
}
const delayOf = (request: Request): number => Number((request['Extensions'] as readonly (readonly [string, number])[] | undefined)?.[0]?.[1] ?? 0);

@Controller()
class EchoController {
  static started: string[] = [];

  @TRequest('RequestRegisterAddress')
  register(@Payload(new Delay()) request: Request, @Ctx() { session }: TlibClientContext): void {
    EchoController.started.push(request['ThisDN'] as string);
    session.send({ msg: 'EventRegistered', ThisDN: request['ThisDN'] }, request['ReferenceID'] as number);
  }

  @TRequest('RequestUnregisterAddress')
  async unregister(@Payload(new Delay()) request: Request): Promise<TEvent> {
    EchoController.started.push(request['ThisDN'] as string);
    for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
    if (request['ThisDN'] === 'unknown') throw new TlibError(41, 'not registered');
    return { msg: 'EventUnregistered', ThisDN: request['ThisDN'] };
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

describe('the NestJS transport', () => {
  let strategy: TlibStrategy;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
    strategy = new TlibStrategy(ports, {
      identity: { role: 'TController', applicationName: 'S', switchName: 'T', geoLocation: '', node: 'S', version: '1' },
      clientRoles: ['Standard'], password: '', knownApplications: [], backlog: { ms: 60_000, bytes: 1_000_000 }, maxClients: 10,
    }, { host: '127.0.33.1', port: 0 });
    const app = await NestFactory.createMicroservice(EchoModule, { strategy, logger: false, abortOnError: false });
    await app.listen();
    close = () => app.close();
  });
  afterAll(() => close());

  /** What one connection is answered for requests that it sends in one write. */
  function answers(requests: readonly object[]): Promise<TEvent[]> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(strategy.port, '127.0.33.1', () => socket.write(
        [{ msg: 'RequestRegisterClient', ApplicationName: 'a', ProtocolVersion: 1 }, ...requests].map((each) => `${JSON.stringify(each)}\n`).join(''),
      ));
      socket.on('data', (chunk) => {
        text += chunk.toString();
        const lines = text.trimEnd().split('\n');
        if (lines.length <= requests.length || !text.endsWith('\n')) return;
        socket.destroy();
        resolve(lines.slice(1).map((line) => JSON.parse(line) as TEvent));
      });
    });
  }

  it('starts the requests of a connection in the order of their arrival, and answers in that order', async () => {
    EchoController.started = [];
    const dns = ['a', 'b', 'c', 'd', 'e', 'f'];
    const events = await answers(dns.map((ThisDN, i) => ({
      msg: i % 2 === 0 ? 'RequestRegisterAddress' : 'RequestUnregisterAddress', ReferenceID: i + 10, ThisDN, Extensions: { turns: 5 - i },
    })));
    expect(EchoController.started).toEqual(dns);
    expect(events.map((event) => event['ReferenceID'])).toEqual([10, 11, 12, 13, 14, 15]);
  });

  it('keeps what the server itself answers in that order', async () => {
    const events = await answers([
      { msg: 'RequestUnregisterAddress', ReferenceID: 1, ThisDN: 'x', Extensions: { turns: 4 } },
      { msg: 'RequestSetInputMask', ReferenceID: 2, Filter: ['EventRinging'] },
      { msg: 'RequestRegisterAddress', ReferenceID: 3 },
      { msg: 'RequestUnregisterAddress', ReferenceID: 4, ThisDN: 'unknown' },
      { msg: 'RequestNobodyKnows', ReferenceID: 5 },
      { msg: 'RequestMakeCall', ReferenceID: 6, ThisDN: '1', OtherDN: '2' },
    ]);
    expect(events.map((event) => [event['ReferenceID'], event['ErrorCode']])).toEqual([
      [1, undefined], [2, undefined], [3, 53], [4, 41], [5, 51], [6, 51],
    ]);
  });

  it('a slow request of one client does not keep another one waiting', async () => {
    const slow = answers([{ msg: 'RequestRegisterAddress', ReferenceID: 1, ThisDN: 'slow', Extensions: { turns: 200 } }]).then(() => 'slow');
    const quick = answers([{ msg: 'RequestRegisterAddress', ReferenceID: 1, ThisDN: 'quick' }]).then(() => 'quick');
    expect(await Promise.race([slow, quick])).toBe('quick');
    await slow;
  });
});
