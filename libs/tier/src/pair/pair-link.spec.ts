import { createSocket } from 'node:dgram';
import type { PairMessage } from '#cluster';
import type { PairHalf } from '#config';
import { silentLog } from '#kernel';
import { PairLink } from './pair-link.js';

const freePort = (host: string): Promise<number> => new Promise((resolve) => {
  const socket = createSocket('udp4');
  socket.bind(0, host, () => {
    const { port } = socket.address();
    socket.close(() => resolve(port));
  });
});

async function halves(): Promise<[PairHalf, PairHalf]> {
  const half = async (process: string, host: string): Promise<PairHalf> => ({ process, host, ports: new Map([['sip', 5070], ['TCport', await freePort(host)]]) });
  return Promise.all([half('a', '127.0.21.1'), half('b', '127.0.21.2')]);
}

const beat = (from: string): PairMessage => ({ kind: 'beat', from, epoch: 5, askedMs: 1 });

describe('the link between the halves of a pair', () => {
  const open: { close(): void }[] = [];
  afterEach(() => { for (const each of open.splice(0)) each.close(); });

  const link = async (own: PairHalf, other: PairHalf): Promise<PairLink> => {
    const made = await PairLink.open({ isBackup: false, own, other }, silentLog);
    open.push(made!);
    return made!;
  };

  it('carries messages both ways', async () => {
    const [a, b] = await halves();
    const [toB, toA] = [await link(a, b), await link(b, a)];
    const atB = new Promise<PairMessage>((resolve) => { toA.onMessage = resolve; });
    toB.send(beat('a'));
    expect(await atB).toEqual(beat('a'));
    const atA = new Promise<PairMessage>((resolve) => { toB.onMessage = resolve; });
    toA.send({ kind: 'yours', from: 'b', epoch: 6 });
    expect(await atA).toEqual({ kind: 'yours', from: 'b', epoch: 6 });
  });

  it('takes only well-formed messages, and of the other half only', async () => {
    const [a, b] = await halves();
    const toB = await link(a, b);
    const toA = await link(b, a);
    const heard: PairMessage[] = [];
    const last = new Promise<void>((resolve) => {
      toA.onMessage = (message) => {
        heard.push(message);
        if (message.kind === 'yours') resolve();
      };
    });
    const stranger = createSocket('udp4');
    open.push(stranger);
    await new Promise<void>((resolve) => { stranger.bind(0, '127.0.21.3', () => resolve()); });
    const port = b.ports.get('TCport') as number;
    await new Promise<void>((resolve) => { stranger.send(JSON.stringify(beat('a')), port, b.host, () => resolve()); });
    toB.send(beat('c'));
    for (const wrong of [null, {}, { ...beat('a'), epoch: 'x' }, { ...beat('a'), askedMs: undefined }]) toB.send(wrong as unknown as PairMessage);
    toB.send({ kind: 'yours', from: 'a', epoch: 5 });
    await last;
    expect(heard).toEqual([{ kind: 'yours', from: 'a', epoch: 5 }]);
  });

  it('is none when its port is taken, or when the node has no T-Library port', async () => {
    const [a, b] = await halves();
    await link(a, b);
    expect(await PairLink.open({ isBackup: false, own: a, other: b }, silentLog)).toBeUndefined();
    expect(await PairLink.open({ isBackup: false, own: { ...a, ports: new Map([['sip', 5070]]) }, other: b }, silentLog)).toBeUndefined();
  });
});
