/** Everything that reads T-Library lines, and the default port of a real session controller behind it. */
import { type AddpMessage, decodeEvent, decodeRequest, encodeRequest, LineFramer, type TRequest } from '#tlib';
import { Bench } from '../../apps/session-controller/src/fixtures/core.fixture.js';
import type { FuzzTarget } from './harness.js';
import type { FuzzRandom } from './mutate.js';
import { tlibSeeds } from './seeds.js';

const FRAMED_EVERY = 10;

const isAddp = (message: TRequest | AddpMessage): message is AddpMessage => message.msg === 'AddpPing' || message.msg === 'AddpPong';

export const tlibLines: FuzzTarget = {
  name: 'tlib-lines', seeds: tlibSeeds, ofMillion: 1_000_000, batch: 10_000,
  feed(input, random) {
    decodeEvent(input);
    if (random.below(FRAMED_EVERY) === 0) frame(input, random);
    const decoded = decodeRequest(input);
    if (!decoded.ok) {
      if (decoded.error.message === '') throw new Error('a refusal says nothing');
      return false;
    }
    if (isAddp(decoded.value)) return true;
    // The order of an object's keys means nothing (tlib-protocol §1), and numbers among them are read first: from then on all stays as it is.
    const once = rewritten(encodeRequest(decoded.value));
    if (rewritten(once) !== once) throw new Error(`it is another when read again: ${once}`);
    return true;
  },
};

function rewritten(line: string): string {
  const decoded = decodeRequest(line.trimEnd());
  if (!decoded.ok || isAddp(decoded.value)) throw new Error(`what we wrote is refused: ${line}`);
  return encodeRequest(decoded.value);
}

function frame(input: string, random: FuzzRandom): void {
  const bytes = Buffer.from(`${input}\n`, 'utf8');
  const outcomes = [bytes.length, 1 + random.below(20)].map((length) => {
    const lines: (string | undefined)[] = [];
    const framer = new LineFramer();
    for (let from = 0; from < bytes.length; from += length) framer.push(bytes.subarray(from, from + length), (line) => lines.push(line));
    return lines.join('\n');
  });
  if (outcomes[0] !== outcomes[1]) throw new Error('the stream is read differently when it is cut differently');
}

/** Requests that decode, to the default port: each is answered. */
export async function tlibPort(): Promise<FuzzTarget> {
  const bench = new Bench();
  await bench.start();
  const client = bench.client('fuzz');
  return {
    name: 'tlib-port', seeds: tlibSeeds, ofMillion: 1_000_000, batch: 1_000,
    feed(input) {
      const decoded = decodeRequest(input);
      if (!decoded.ok || isAddp(decoded.value)) return false;
      bench.ask(client, { ...decoded.value, ReferenceID: 7 });
      const answers = client.events.splice(0);
      if (!answers.some((event) => event['ReferenceID'] === 7)) throw new Error('a request got no answer');
      return true;
    },
    async settle() {
      await bench.clock.advance(1_000);
      bench.far.clear();
    },
    close: () => bench.core.close(),
  };
}
