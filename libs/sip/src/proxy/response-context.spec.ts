import { type BranchFailure, type FinalAnswer, type ForkEffects, ResponseContext } from './response-context.js';

const TIMER_C = 181_000;

/** Ways and responses are short texts; effects are written down as a trace. */
class Trace implements ForkEffects<string, string> {
  #lines: string[] = [];
  readonly closed = new Set<string>();
  forward(branch: number, way: string) { this.#lines.push(`forward ${branch} ${way}`); }
  cancel(branch: number) { this.#lines.push(`cancel ${branch}`); }
  setTimerC(branch: number) { this.#lines.push(`C+ ${branch}`); }
  stopTimerC(branch: number) { this.#lines.push(`C- ${branch}`); }
  relay(response: string) { this.#lines.push(`relay ${response}`); }
  wayFailed(way: string) { this.#lines.push(`failed ${way}`); }
  mayLead(way: string) { return !this.closed.has(way); }
  done() { this.#lines.push('done'); }
  answer(answer: FinalAnswer<string>) {
    this.#lines.push(answer.kind === 'local' ? `local ${answer.status}` : `answer ${[answer.response, ...answer.challenges].join('+')}`);
  }

  /** Without Timer C lines unless asked: most histories are not about it. */
  take(withTimerC = false): string[] {
    return this.#lines.splice(0).filter((line) => withTimerC || !line.startsWith('C'));
  }
}

function fork(groups: string[][], isInvite = true) {
  const targets = groups.map((group) => group.map((ways) => ({ ways: ways.split('>') })));
  const context = new ResponseContext<string, string>(targets, { isInvite, timerCMs: TIMER_C });
  const out = new Trace();
  context.start(out);
  return {
    context, out,
    /** `'0:486'`: a response named by its branch and status. */
    response(...names: string[]) {
      for (const name of names) {
        const [branch, status] = name.split(':').map(Number) as [number, number];
        context.onResponse(branch, status, name, out);
      }
      return out.take();
    },
    failure(branch: number, reason: BranchFailure) { context.onFailure(branch, reason, out); return out.take(); },
    cancel() { context.onCancel(out); return out.take(); },
  };
}

describe('ResponseContext', () => {
  it('relays 180 and 200 of one target, never 100', () => {
    const { out, response } = fork([['a']]);
    expect(out.take()).toEqual(['forward 0 a']);
    expect(response('0:100', '0:180', '0:200')).toEqual(['relay 0:180', 'relay 0:200', 'done']);
  });

  it('forks at once within a group; the first 200 ends the others (§16.7 step 10)', () => {
    const { out, response } = fork([['a', 'b']]);
    expect(out.take()).toEqual(['forward 0 a', 'forward 1 b']);
    expect(response('0:180', '1:180', '1:200')).toEqual(['relay 0:180', 'relay 1:180', 'relay 1:200', 'cancel 0']);
    expect(response('0:487')).toEqual(['done']);
  });

  it('relays a second 200 too: the callers end what they do not want (§16.7 step 5)', () => {
    const { out, response } = fork([['a', 'b']]);
    out.take();
    expect(response('0:200')).toEqual(['relay 0:200', 'cancel 1']);
    expect(response('1:200')).toEqual(['relay 1:200', 'done']);
    expect(response('1:200')).toEqual(['relay 1:200']);
  });

  it('relays the 2xx repetitions of its only branch after it is done', () => {
    const { out, response } = fork([['a']]);
    out.take();
    expect(response('0:200')).toEqual(['relay 0:200', 'done']);
    expect(response('0:200')).toEqual(['relay 0:200']);
  });

  it('gives one final response to a request other than INVITE, and cancels nothing', () => {
    const { out, response } = fork([['a', 'b']], false);
    out.take();
    expect(response('0:200')).toEqual(['relay 0:200']);
    expect(response('1:200')).toEqual(['done']);
  });

  it('waits for all and answers the best: 486 over 408 and 503', () => {
    const { out, response, failure } = fork([['a', 'b', 'c']]);
    out.take();
    expect(failure(0, 'timeout')).toEqual(['failed a']);
    expect(response('2:503')).toEqual(['failed c']);
    expect(response('1:486')).toEqual(['answer 1:486', 'done']);
  });

  it('tries the next group when one is used up', () => {
    const { out, response } = fork([['a', 'b'], ['c']]);
    out.take();
    expect(response('0:486')).toEqual([]);
    expect(response('1:404')).toEqual(['forward 2 c']);
    expect(response('2:200')).toEqual(['relay 2:200', 'done']);
  });

  it('a 6xx ends everything, but goes up only when all have ended (§16.7 step 5)', () => {
    const { out, response } = fork([['a', 'b'], ['c']]);
    out.take();
    expect(response('0:603')).toEqual(['cancel 1']);
    expect(response('1:487')).toEqual(['answer 0:603', 'done']);
  });

  it('a 200 that crosses the CANCEL of a 6xx wins', () => {
    const { out, response } = fork([['a', 'b']]);
    out.take();
    response('0:603');
    expect(response('1:200')).toEqual(['relay 1:200', 'done']);
  });

  it('CANCEL from upstream ends the branches and opens no more; the 487 goes up', () => {
    const { out, response, cancel } = fork([['a', 'b'], ['c']]);
    out.take();
    response('0:180');
    expect(cancel()).toEqual(['cancel 0', 'cancel 1']);
    expect(cancel()).toEqual([]);
    expect(response('0:487')).toEqual([]);
    expect(response('1:487')).toEqual(['answer 0:487', 'done']);
  });

  it('answers 487 itself when a cancelled branch never says anything', () => {
    const { out, cancel, failure } = fork([['a']]);
    out.take();
    cancel();
    expect(failure(0, 'timeout')).toEqual(['local 487', 'done']);
  });

  it.each([['timeout', 408], ['transport', 503]] as const)('answers a %s with %d (§16.8, §16.9)', (reason, status) => {
    const { out, failure } = fork([['a']]);
    out.take();
    expect(failure(0, reason)).toEqual(['failed a', `local ${status}`, 'done']);
  });

  it('says 480 when there is nobody to try', () => {
    expect(fork([]).out.take()).toEqual(['local 480', 'done']);
  });

  it('collects the challenges of all branches (§16.7 step 7)', () => {
    const { out, response } = fork([['a', 'b', 'c']]);
    out.take();
    response('0:407', '1:486');
    expect(response('2:401')).toEqual(['answer 0:407+2:401', 'done']);
  });

  describe('ways of one target (RFC 3263 §4.3, DNS-05)', () => {
    it.each([['timeout'], ['transport']] as const)('tries the next after a %s', (reason) => {
      const { out, failure, response } = fork([['a1>a2']]);
      out.take();
      expect(failure(0, reason)).toEqual(['failed a1', 'forward 1 a2']);
      expect(failure(0, reason)).toEqual([]);
      expect(response('1:200')).toEqual(['relay 1:200', 'done']);
    });

    it('tries the next after a 503, and passes the last one up', () => {
      const { out, response } = fork([['a1>a2']]);
      out.take();
      expect(response('0:503')).toEqual(['failed a1', 'forward 1 a2']);
      expect(response('1:503')).toEqual(['failed a2', 'answer 1:503', 'done']);
    });

    it('does not leave a way that rang', () => {
      const { out, response, failure } = fork([['a1>a2']]);
      out.take();
      response('0:180');
      expect(failure(0, 'timeout')).toEqual(['local 408', 'done']);
    });

    it('passes over a way that leads nowhere any more', () => {
      const { out, response } = fork([['a1>a2>a3']]);
      out.take();
      out.closed.add('a2');
      expect(response('0:503')).toEqual(['failed a1', 'forward 1 a3']);
      expect(response('1:503')).toEqual(['failed a3', 'answer 1:503', 'done']);
    });

    it('ends with what it has when no way that is left leads anywhere', () => {
      const { out, response } = fork([['a1>a2>a3']]);
      out.take();
      out.closed.add('a2').add('a3');
      expect(response('0:503')).toEqual(['failed a1', 'answer 0:503', 'done']);
    });

    it('tries no other way once cancelled', () => {
      const { out, cancel, failure } = fork([['a1>a2']]);
      out.take();
      cancel();
      expect(failure(0, 'timeout')).toEqual(['local 487', 'done']);
    });
  });

  describe('Timer C (§16.8)', () => {
    it('runs per INVITE branch, starts anew with each 1xx but 100, stops at the end', () => {
      const { context, out } = fork([['a']]);
      expect(out.take(true)).toEqual(['C+ 0', 'forward 0 a']);
      context.onResponse(0, 100, 'x', out);
      expect(out.take(true)).toEqual([]);
      context.onResponse(0, 180, '180', out);
      expect(out.take(true)).toEqual(['C+ 0', 'relay 180']);
      context.onResponse(0, 486, '486', out);
      expect(out.take(true)).toEqual(['C- 0', 'answer 486', 'done']);
    });

    it('cancels a branch that rings, and waits for its end', () => {
      const { context, out, response } = fork([['a']]);
      response('0:180');
      context.onTimerC(0, out);
      expect(out.take()).toEqual(['cancel 0']);
      expect(response('0:487')).toEqual(['answer 0:487', 'done']);
    });

    it('cancels a silent branch, which then counts as 408', () => {
      const { context, out, failure } = fork([['a>b']]);
      out.take();
      context.onTimerC(0, out);
      expect(out.take(true)).toEqual(['cancel 0']);
      context.onTimerC(0, out);
      expect(failure(0, 'timeout')).toEqual(['local 408', 'done']);
    });

    it('does not run for other requests', () => {
      expect(fork([['a']], false).out.take(true)).toEqual(['forward 0 a']);
    });
  });
});
