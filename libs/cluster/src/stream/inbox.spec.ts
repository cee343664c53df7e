import { Inbox, INBOX, type InboxEffect } from './inbox.js';

function stand(fromStart?: boolean) {
  const inbox = new Inbox<string, string[]>(fromStart);
  const out: InboxEffect<string, string[]>[] = [];
  return {
    inbox,
    frame: (seq: number, items: string[], nowMs = 0) => (inbox.on({ kind: 'frame', seq, items, nowMs }, out), out.splice(0)),
    resync: (seq: number, picture: string[]) => (inbox.on({ kind: 'resync', seq, picture, nowMs: 0 }, out), out.splice(0)),
    timer: () => (inbox.on({ kind: 'timer', nowMs: 50 }, out), out.splice(0)),
  };
}

describe('Inbox', () => {
  it('Unknown: takes a stream from its first item, and acknowledges within 50 ms', () => {
    const { frame, timer } = stand();
    expect(frame(1, ['a', 'b'])).toEqual([
      { kind: 'apply', item: 'a' }, { kind: 'apply', item: 'b' }, { kind: 'setTimer', delayMs: 50 },
    ]);
    expect(frame(3, ['c'])).toEqual([{ kind: 'apply', item: 'c' }]);
    expect(timer()).toEqual([{ kind: 'ack', upTo: 4, resync: false }]);
    expect(timer()).toEqual([]);
  });

  it('Current: acknowledges at once what would make the sender wait', () => {
    const { frame, timer } = stand();
    frame(1, ['a']);
    const many = Array.from({ length: INBOX.ackAtOnce }, String);
    expect(frame(2, many).at(-1)).toEqual({ kind: 'ack', upTo: 2 + many.length, resync: false });
    expect(timer()).toEqual([]);
  });

  it('Unknown: asks for a resync of a stream that it meets in the middle', () => {
    const { inbox, frame } = stand();
    expect(frame(5, ['e'])).toEqual([{ kind: 'ack', upTo: 0, resync: true }]);
    expect(inbox.state).toBe('Unknown');
  });

  it('Unknown: asks for a resync from the first item on too, when it took over', () => {
    expect(stand(false).frame(1, ['a'])).toEqual([{ kind: 'ack', upTo: 0, resync: true }]);
  });

  it('Unknown: takes a picture and goes on from there', () => {
    const { frame, resync } = stand();
    expect(resync(6, ['x'])).toEqual([{ kind: 'applyPicture', picture: ['x'] }, { kind: 'ack', upTo: 6, resync: false }]);
    expect(frame(6, ['f'])[0]).toEqual({ kind: 'apply', item: 'f' });
  });

  it('Current: applies only what is new in a frame that repeats', () => {
    const { frame } = stand();
    frame(1, ['a', 'b']);
    expect(frame(1, ['a', 'b', 'c'])).toEqual([{ kind: 'apply', item: 'c' }]);
  });

  it('Current: acknowledges a pure repetition at once', () => {
    const { frame } = stand();
    frame(1, ['a', 'b']);
    expect(frame(1, ['a'])).toEqual([{ kind: 'ack', upTo: 3, resync: false }]);
  });

  it('Current: asks for a resync when the sender no longer has what is missing', () => {
    const { frame } = stand();
    frame(1, ['a']);
    expect(frame(3, ['c'])).toEqual([{ kind: 'ack', upTo: 2, resync: true }]);
  });

  it('Current: passes over a picture that is older than what it has applied', () => {
    const { frame, resync } = stand();
    frame(1, ['a', 'b']);
    expect(resync(2, ['old'])).toEqual([{ kind: 'ack', upTo: 3, resync: false }]);
  });

  it('may be forgotten only when the sender has certainly stopped repeating', () => {
    const { inbox, frame } = stand();
    frame(1, ['a'], 1_000);
    expect(inbox.forgettable(1_000 + INBOX.forgetAfterMs - 1)).toBe(false);
    expect(inbox.forgettable(1_000 + INBOX.forgetAfterMs)).toBe(true);
  });
});
