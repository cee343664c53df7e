import { EventFeed, FEED, type FeedEffect, type FeedInput, type Sequenced } from './event-feed.js';

interface Event extends Sequenced {
  readonly name?: string;
}

/** Epoch 11 was handed over at event 5. */
const event = (seq: number, epoch = 10, owner = 'n1'): Event => ({ owner, epoch, seq, ...(epoch === 11 && seq === 6 ? { after: 10 } : {}) });

function stand(resumes = false) {
  const feed = new EventFeed<Event, Event>(resumes);
  const out: FeedEffect<Event, Event>[] = [];
  const on = (input: FeedInput<Event, Event>): string[] => {
    feed.on(input, out);
    return out.splice(0).map(describeEffect);
  };
  return {
    feed,
    on,
    event: (...args: Parameters<typeof event>) => on({ kind: 'event', event: event(...args) }),
    snapshot: (...args: Parameters<typeof event>) => on({ kind: 'snapshot', snapshot: event(...args) }),
  };
}

function describeEffect(effect: FeedEffect<Event, Event>): string {
  switch (effect.kind) {
    case 'deliver': case 'fenced': return `${effect.kind} ${effect.event.seq}@${effect.event.epoch}`;
    case 'deliverSnapshot': return `snapshot ${effect.snapshot.seq}@${effect.snapshot.epoch}`;
    case 'resume': return 'resume';
    case 'askReplay': return `askReplay ${effect.owner} ${effect.fromSeq}@${effect.epoch}`;
    case 'askSnapshot': return `askSnapshot ${effect.owner}`;
    case 'setTimer': return `setTimer ${effect.delayMs}`;
  }
}

/** A feed that has delivered up to event 5 of epoch 10. */
function current(resumes = false) {
  const made = stand(resumes);
  made.snapshot(5);
  return made;
}

describe('EventFeed', () => {
  it('Empty: the first event makes it take a snapshot, and waits behind it', () => {
    const { feed, event: hear, snapshot } = stand();
    expect(hear(6)).toEqual(['askSnapshot n1']);
    expect(feed.state).toBe('Snapshotting');
    expect(hear(7)).toEqual([]);
    expect(snapshot(5)).toEqual(['snapshot 5@10', 'deliver 6@10', 'deliver 7@10']);
    expect(feed.state).toBe('Current');
    expect(feed.position).toEqual({ owner: 'n1', epoch: 10, seq: 7 });
  });

  it('Empty: a snapshot given at the start is its beginning', () => {
    const { feed, snapshot } = stand();
    expect(feed.position).toBeUndefined();
    expect(snapshot(0)).toEqual(['snapshot 0@10']);
    expect(feed.state).toBe('Current');
  });

  it('Current: delivers the next event and drops doubles', () => {
    const { event: hear } = current();
    expect(hear(6)).toEqual(['deliver 6@10']);
    expect(hear(6)).toEqual([]);
    expect(hear(3)).toEqual([]);
  });

  it('Current: refuses events of an owner that was succeeded', () => {
    const { event: hear } = current();
    expect(hear(6, 11, 'n2')).toEqual(['deliver 6@11']);
    expect(hear(6, 10)).toEqual(['fenced 6@10']);
    expect(hear(7, 10)).toEqual(['fenced 7@10']);
  });

  it('Current: asks for what is missing and delivers everything in order', () => {
    const { feed, on, event: hear } = current();
    expect(hear(8)).toEqual(['askReplay n1 6@10']);
    expect(hear(10)).toEqual([]);
    expect(hear(9)).toEqual([]);
    expect(on({ kind: 'replay', complete: true, events: [event(6), event(7), event(8)] })).toEqual([
      'deliver 6@10', 'deliver 7@10', 'deliver 8@10', 'deliver 9@10', 'deliver 10@10',
    ]);
    expect(feed.state).toBe('Current');
  });

  it('Current: told that it is behind, it asks', () => {
    const { on } = current();
    expect(on({ kind: 'behind', owner: 'n1', epoch: 10, seq: 5 })).toEqual([]);
    expect(on({ kind: 'behind', owner: 'n1', epoch: 10, seq: 7 })).toEqual(['askReplay n1 6@10']);
  });

  it('Current: an epoch whose beginning it missed needs a snapshot of the new owner', () => {
    const { event: hear, snapshot } = current();
    expect(hear(9, 11, 'n2')).toEqual(['askSnapshot n2']);
    expect(snapshot(8, 11, 'n2')).toEqual(['snapshot 8@11', 'deliver 9@11']);
  });

  it('Current: an epoch that goes on from a lower number, since its owner had seen less, needs a snapshot too', () => {
    const { event: hear, snapshot } = current();
    expect(hear(4, 11, 'n2')).toEqual(['askSnapshot n2']);
    expect(snapshot(4, 11, 'n2')).toEqual(['snapshot 4@11']);
    expect(hear(5, 11, 'n2')).toEqual(['deliver 5@11']);
  });

  it('Replaying: what it waited for may come late and fill the gap by itself', () => {
    const { feed, event: hear, on } = current();
    hear(7);
    expect(hear(6)).toEqual(['deliver 6@10', 'deliver 7@10']);
    expect(feed.state).toBe('Current');
    expect(on({ kind: 'replay', complete: true, events: [event(6)] })).toEqual([]);
  });

  it('Replaying: takes a snapshot when the owner no longer holds the events', () => {
    const { on, event: hear, snapshot } = current();
    hear(9);
    expect(on({ kind: 'replay', complete: false, events: [event(8)] })).toEqual(['askSnapshot n1']);
    expect(snapshot(9)).toEqual(['snapshot 9@10']);
  });

  it('Replaying: asks again for a second gap', () => {
    const { on, event: hear } = current();
    hear(7);
    hear(9);
    expect(on({ kind: 'replay', complete: true, events: [event(6)] })).toEqual([
      'deliver 6@10', 'deliver 7@10', 'askReplay n1 8@10',
    ]);
  });

  it('Replaying: an empty answer that calls itself complete ends in a snapshot, not in a circle', () => {
    const { on, event: hear } = current();
    hear(7);
    expect(on({ kind: 'replay', complete: true, events: [] })).toEqual(['askSnapshot n1']);
  });

  it('Replaying: an answer given before what is missing was made leads to another replay, over no number', () => {
    const { on, event: hear, snapshot } = current();
    hear(8);
    expect(on({ kind: 'replay', complete: true, events: [] })).toEqual(['askSnapshot n1']);
    expect(snapshot(8)).toEqual(['askReplay n1 6@10']);
    expect(on({ kind: 'replay', complete: true, events: [event(6), event(7), event(8)] })).toEqual(['deliver 6@10', 'deliver 7@10', 'deliver 8@10']);
  });

  it('Current: a claim fences the owner before, and the next event of the new one follows', () => {
    const { on, event: hear } = current();
    expect(on({ kind: 'claimed', owner: 'n2', epoch: 11 })).toEqual([]);
    expect(hear(6, 10)).toEqual(['fenced 6@10']);
    expect(hear(6, 11, 'n2')).toEqual(['deliver 6@11']);
  });

  it('Retrying: a claim is a reason to ask its owner at once', () => {
    const { on, event: hear } = current();
    hear(9);
    on({ kind: 'unanswered' });
    expect(on({ kind: 'claimed', owner: 'n2', epoch: 11 })).toEqual(['askSnapshot n2']);
    expect(on({ kind: 'claimed', owner: 'n2', epoch: 11 })).toEqual([]);
  });

  it('Snapshotting: a snapshot of an owner that was succeeded is not taken', () => {
    const { event: hear, snapshot } = current();
    hear(6, 11, 'n2');
    hear(9, 12, 'n3');
    expect(snapshot(20, 10)).toEqual(['setTimer 1000']);
  });

  it('Snapshotting: a snapshot that is older than what was delivered is asked for again later', () => {
    const { on, event: hear, snapshot } = current();
    hear(9);
    on({ kind: 'replay', complete: false, events: [] });
    expect(snapshot(4)).toEqual(['setTimer 1000']);
    expect(snapshot(4)).toEqual([]);
    expect(on({ kind: 'timer' })).toEqual(['askSnapshot n1']);
  });

  it('Retrying: asks the newest owner it has heard of, less often each time', () => {
    const { on, event: hear } = current();
    hear(9);
    expect(on({ kind: 'unanswered' })).toEqual(['setTimer 1000']);
    hear(12, 11, 'n2');
    expect(on({ kind: 'timer' })).toEqual(['askSnapshot n2']);
    expect(on({ kind: 'unanswered' })).toEqual(['setTimer 2000']);
    on({ kind: 'timer' });
    expect(on({ kind: 'unanswered' })).toEqual(['setTimer 4000']);
    on({ kind: 'timer' });
    expect(on({ kind: 'unanswered' })).toEqual(['setTimer 5000']);
  });

  it('Retrying: answers to what it does not wait for change nothing', () => {
    const { on, event: hear } = current();
    expect(on({ kind: 'unanswered' })).toEqual([]);
    expect(on({ kind: 'timer' })).toEqual([]);
    hear(9);
    on({ kind: 'unanswered' });
    expect(on({ kind: 'unanswered' })).toEqual([]);
  });

  it('a lost owner that speaks again in its epoch: a snapshot comes before its events', () => {
    const { feed, on, event: hear, snapshot } = current();
    expect(on({ kind: 'ownerLost' })).toEqual([]);
    expect(feed.position).toEqual({ owner: 'n1', epoch: 0, seq: 0 });
    expect(hear(6)).toEqual(['askSnapshot n1']);
    expect(snapshot(5)).toEqual(['snapshot 5@10', 'deliver 6@10']);
  });

  it('a lost owner that comes back with nothing to say is found by verify', () => {
    const { on, snapshot } = current();
    on({ kind: 'ownerLost' });
    expect(on({ kind: 'behind', owner: 'n1', epoch: 10, seq: 5 })).toEqual(['askSnapshot n1']);
    expect(snapshot(5)).toEqual(['snapshot 5@10']);
  });

  it('resumes: a lost owner that speaks again in its epoch: what it said meanwhile is replayed, after what held before', () => {
    const { feed, on, event: hear } = current(true);
    expect(on({ kind: 'ownerLost' })).toEqual([]);
    expect(feed.position).toEqual({ owner: 'n1', epoch: 0, seq: 0 });
    expect(hear(8)).toEqual(['askReplay n1 6@10']);
    expect(on({ kind: 'replay', complete: true, events: [event(6), event(7), event(8)] })).toEqual([
      'resume', 'deliver 6@10', 'deliver 7@10', 'deliver 8@10',
    ]);
    expect(feed.state).toBe('Current');
  });

  it('resumes: a lost owner that comes back with nothing to say is found by verify, or by its page', () => {
    const { feed, on } = current(true);
    on({ kind: 'ownerLost' });
    expect(on({ kind: 'behind', owner: 'n1', epoch: 10, seq: 5 })).toEqual(['askReplay n1 6@10']);
    expect(on({ kind: 'replay', complete: true, events: [] })).toEqual(['resume']);
    expect(feed.state).toBe('Current');
    on({ kind: 'ownerLost' });
    expect(on({ kind: 'snapshot', snapshot: event(5) })).toEqual(['snapshot 5@10']);
  });

  it('resumes: what a lost owner says while it is asked waits for the answer, and follows it', () => {
    const { feed, on, event: hear } = current(true);
    on({ kind: 'ownerLost' });
    on({ kind: 'behind', owner: 'n1', epoch: 10, seq: 5 });
    expect(hear(6)).toEqual([]);
    expect(on({ kind: 'replay', complete: true, events: [] })).toEqual(['resume', 'deliver 6@10']);
    expect(feed.state).toBe('Current');
  });

  it('resumes: a lost owner that no longer holds what it said: its snapshot stands in', () => {
    const { on, snapshot } = current(true);
    on({ kind: 'ownerLost' });
    expect(snapshot(9)).toEqual(['askReplay n1 6@10']);
    expect(snapshot(9)).toEqual([]);
    expect(on({ kind: 'replay', complete: false, events: [event(8)] })).toEqual(['askSnapshot n1']);
    expect(snapshot(9)).toEqual(['snapshot 9@10']);
  });

  it('a snapshot that would leap over events of its epoch is first asked what it leaps over', () => {
    const { on, snapshot } = current();
    expect(snapshot(7)).toEqual(['askReplay n1 6@10']);
    expect(on({ kind: 'replay', complete: true, events: [event(6)] })).toEqual(['deliver 6@10', 'askReplay n1 7@10']);
    expect(on({ kind: 'replay', complete: true, events: [event(7)] })).toEqual(['deliver 7@10']);
  });

  it('asks in no circle for what its owner does not know of, as when two claimed in the same instant', () => {
    const { feed, on, event: hear, snapshot } = current();
    hear(9, 10, 'n2');
    on({ kind: 'replay', complete: false, events: [] });
    expect(snapshot(5)).toEqual(['snapshot 5@10']);
    expect(feed.state).toBe('Current');
    on({ kind: 'behind', owner: 'n2', epoch: 10, seq: 9 });
    on({ kind: 'replay', complete: true, events: [] });
    expect(snapshot(5)).toEqual(['snapshot 5@10']);
    expect(feed.state).toBe('Current');
  });

  it('Retrying: the snapshot asked for leads to another replay, until five were not answered', () => {
    const { on, event: hear, snapshot } = current();
    hear(8);
    for (const delayMs of [1_000, 2_000, 4_000, 5_000]) {
      expect(on({ kind: 'unanswered' })).toEqual([`setTimer ${delayMs}`]);
      expect(on({ kind: 'timer' })).toEqual(['askSnapshot n1']);
      expect(snapshot(8)).toEqual(['askReplay n1 6@10']);
    }
    expect(on({ kind: 'unanswered' })).toEqual(['setTimer 5000']);
    expect(on({ kind: 'timer' })).toEqual(['askSnapshot n1']);
    expect(snapshot(8)).toEqual(['snapshot 8@10']);
  });

  it('a lost owner that was succeeded stays fenced', () => {
    const { on, event: hear } = current();
    on({ kind: 'ownerLost' });
    expect(hear(1, 11, 'n2')).toEqual(['askSnapshot n2']);
    expect(hear(6)).toEqual(['fenced 6@10']);
  });

  it('an owner that was not handed the DN: its numbers meet the old ones by chance, so a snapshot comes first', () => {
    const { feed, event: hear, snapshot } = current();
    expect(hear(6, 12, 'n3')).toEqual(['askSnapshot n3']);
    expect(snapshot(6, 12, 'n3')).toEqual(['snapshot 6@12']);
    expect(feed.state).toBe('Current');
  });

  it('an owner that others without a word stood before: its first event goes on from the last word, and from their snapshots', () => {
    const { on } = current();
    const first: Event = { owner: 'n1', epoch: 13, seq: 6, after: 10 };
    expect(on({ kind: 'event', event: first })).toEqual(['deliver 6@13']);
    const later = current();
    later.snapshot(5, 12);
    expect(later.on({ kind: 'event', event: first })).toEqual(['deliver 6@13']);
    const older = stand();
    older.snapshot(5, 9);
    expect(older.on({ kind: 'event', event: first })).toEqual(['askSnapshot n1']);
  });

  it('holds a bounded number of early events and recovers what it let go', () => {
    const { feed, on, event: hear } = current();
    const last = 7 + FEED.bufferMax + 10;
    for (let seq = 7; seq <= last; seq += 1) hear(seq);
    const effects = on({ kind: 'replay', complete: true, events: [event(6), event(7)] });
    expect(effects.slice(0, 2)).toEqual(['deliver 6@10', 'deliver 7@10']);
    expect(effects.at(-1)).toBe('askReplay n1 8@10');
    on({ kind: 'replay', complete: true, events: Array.from({ length: last - 7 }, (_, i) => event(8 + i)) });
    expect(feed.position?.seq).toBe(last);
    expect(feed.state).toBe('Current');
  });
});
