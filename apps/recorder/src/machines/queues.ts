/** Events of virtual queues to results (docs/specs/history.md, "Virtual queues"). */
import type { Machine, Out } from '#kernel';
import type { QueueResultData } from '#store';
import type { HistoryEffect } from './effects.js';
import { type Heard, text, timeOf } from './heard.js';

interface Waiting {
  readonly queue: string;
  readonly connID: string;
  readonly callUUID: string;
  readonly ani: string;
  readonly atMs: number;
  readonly seq: number;
}

export type QueuesInput =
  | { readonly kind: 'heard'; readonly seq: number; readonly heard: Heard }
  | { readonly kind: 'tick'; readonly nowMs: number };

/** Nobody waits longer (docs/specs/virtual-queue.md): what came of it was missed. */
const WAIT_MS_MAX = 24 * 3_600_000;

export class Queues implements Machine<QueuesInput, HistoryEffect> {
  readonly #waiting = new Map<string, Waiting>();

  get waiting(): number {
    return this.#waiting.size;
  }

  on(input: QueuesInput, out: Out<HistoryEffect>): void {
    if (input.kind === 'tick') return this.#tick(input.nowMs, out);
    const { seq, heard: { event } } = input;
    const name = `${text(event, 'ThisDN')} ${text(event, 'ConnID')}`;
    const known = this.#waiting.get(name);
    if (event.msg === 'EventQueued' && known === undefined) {
      const waiting: Waiting = {
        queue: text(event, 'ThisDN'), connID: text(event, 'ConnID'), callUUID: text(event, 'CallUUID'), ani: text(event, 'ANI'), atMs: timeOf(event), seq,
      };
      this.#waiting.set(name, waiting);
      return write(waiting, {}, out);
    }
    if (event.msg !== 'EventQueued' && known !== undefined) {
      const target = text(event, 'ThirdPartyDN');
      const result = event.msg === 'EventAbandoned' ? 'abandoned' : target === '' ? 'cleared' : 'diverted';
      this.#leave(name, known, { endedAtMs: timeOf(event), result, target }, out);
    }
    out.push({ kind: 'release', seqs: [seq] });
  }

  #tick(nowMs: number, out: Out<HistoryEffect>): void {
    for (const [name, waiting] of this.#waiting) {
      // In the order in which they came.
      if (nowMs - waiting.atMs < WAIT_MS_MAX) return;
      this.#leave(name, waiting, { endedAtMs: nowMs, result: 'cleared', target: '' }, out);
    }
  }

  #leave(name: string, waiting: Waiting, how: Partial<QueueResultData>, out: Out<HistoryEffect>): void {
    this.#waiting.delete(name);
    write(waiting, how, out);
    out.push({ kind: 'release', seqs: [waiting.seq] });
  }
}

function write({ queue, connID, callUUID, ani, atMs }: Waiting, how: Partial<QueueResultData>, out: Out<HistoryEffect>): void {
  out.push({
    kind: 'write',
    record: {
      kind: 'queueResult', key: `${queue}.${connID}.${atMs}`, atMs, version: how.result === undefined ? 1 : 2, connID, dns: [queue], agents: [],
      data: { queue, callUUID, ani, target: '', ...how },
    },
  });
}
