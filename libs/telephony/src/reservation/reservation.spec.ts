import fc from 'fast-check';
import { type ReservationEffect, type ReservationInput, type ReservationOptions, Reservations } from './reservation.js';

const DEFAULTS: ReservationOptions = { collectionMs: 300, collectLowerPriority: true, rejectSubsequent: true, max: 100 };

/** Feeds one machine and keeps what it said. */
class Desk {
  readonly machine: Reservations;
  #ticket = 0;

  constructor(options: Partial<ReservationOptions> = {}) {
    this.machine = new Reservations({ ...DEFAULTS, ...options });
  }

  on(input: ReservationInput): ReservationEffect[] {
    const out: ReservationEffect[] = [];
    this.machine.on(input, out);
    return out;
  }

  request(client: string, keys: string[], priority = 1, durationMs = 5000): ReservationEffect[] {
    this.#ticket += 1;
    return this.on({ kind: 'request', client, ticket: this.#ticket, keys, priority, durationMs });
  }

  cancel(client: string, keys: string[]): ReservationEffect[] {
    this.#ticket += 1;
    return this.on({ kind: 'cancel', client, ticket: this.#ticket, keys });
  }

  windowOver(window = 1, random = 0): ReservationEffect[] {
    return this.on({ kind: 'windowOver', window, random });
  }
}

const brief = (effects: ReservationEffect[]) => effects.map((effect) => {
  switch (effect.kind) {
    case 'refused': return `${effect.client} refused: ${effect.reason}`;
    case 'reserved': return `${effect.client} reserved`;
    case 'cancelled': return `${effect.client} cancelled`;
    default: return effect.kind;
  }
});

describe('Free', () => {
  it('a request opens the collection window', () => {
    expect(new Desk().request('r1', ['dn:7001'])).toEqual([{ kind: 'startWindow', window: 1, ms: 300 }]);
  });

  it('a cancel has nothing to cancel', () => {
    expect(brief(new Desk().cancel('r1', ['dn:7001']))).toEqual(['r1 refused: nothingReserved']);
  });
});

describe('Collecting', () => {
  it('the highest priority wins, the others are told', () => {
    const desk = new Desk();
    desk.request('r1', ['dn:7001'], 1);
    desk.request('r2', ['dn:7001'], 5);
    desk.request('r3', ['dn:7001'], 3);
    expect(brief(desk.windowOver())).toEqual(['startExpiry', 'r2 reserved', 'r1 refused: reserved', 'r3 refused: reserved']);
  });

  it('among equals the random number decides', () => {
    const winners = [0, 1, 2].map((random) => {
      const desk = new Desk();
      for (const client of ['r1', 'r2', 'r3']) desk.request(client, ['dn:7001']);
      return brief(desk.windowOver(1, random))[1];
    });
    expect(winners).toEqual(['r1 reserved', 'r2 reserved', 'r3 reserved']);
  });

  it('without collecting lower priorities a lower one is refused at once and a higher one drives the others out', () => {
    const desk = new Desk({ collectLowerPriority: false });
    desk.request('r1', ['dn:7001'], 3);
    expect(brief(desk.request('r2', ['dn:7001'], 1))).toEqual(['r2 refused: outbid']);
    expect(brief(desk.request('r3', ['dn:7001'], 9))).toEqual(['r1 refused: outbid']);
    expect(brief(desk.windowOver())).toEqual(['startExpiry', 'r3 reserved']);
  });

  it('a candidate that cancels, or goes, leaves the auction; the last one closes it', () => {
    const desk = new Desk();
    desk.request('r1', ['dn:7001']);
    desk.request('r2', ['dn:7001']);
    expect(brief(desk.cancel('r1', ['dn:7001']))).toEqual(['r1 refused: cancelled', 'r1 cancelled']);
    expect(brief(desk.on({ kind: 'clientGone', client: 'r2' }))).toEqual(['stopTimer']);
    expect(desk.machine.size).toBe(0);
  });

  it('requests that know the agent by different names meet in one auction', () => {
    const desk = new Desk();
    desk.request('r1', ['dn:7001']);
    desk.request('r2', ['agent:a']);
    expect(brief(desk.request('r3', ['dn:7001', 'agent:a'], 9))).toEqual(['stopTimer']);
    expect(brief(desk.windowOver(1))).toEqual(['startExpiry', 'r3 reserved', 'r1 refused: reserved', 'r2 refused: reserved']);
  });
});

describe('Reserved', () => {
  const reserved = (options: Partial<ReservationOptions> = {}) => {
    const desk = new Desk(options);
    desk.request('r1', ['dn:7001']);
    desk.windowOver();
    return desk;
  };

  it('refuses others, and by default the holder too', () => {
    const desk = reserved();
    expect(brief(desk.request('r2', ['dn:7001'], 99))).toEqual(['r2 refused: reserved']);
    expect(brief(desk.request('r1', ['dn:7001']))).toEqual(['r1 refused: reserved']);
    expect(brief(desk.cancel('r2', ['dn:7001']))).toEqual(['r2 refused: notHolder']);
  });

  it('lets the holder prolong when told so, with the same combination only', () => {
    const desk = reserved({ rejectSubsequent: false });
    expect(brief(desk.request('r1', ['dn:7001']))).toEqual(['stopTimer', 'startExpiry', 'r1 reserved']);
    expect(brief(desk.request('r1', ['dn:7001', 'agent:a']))).toEqual(['r1 refused: reserved']);
  });

  it('ends by cancel or deadline, and not by the loss of its holder', () => {
    const cancelled = reserved();
    expect(brief(cancelled.cancel('r1', ['dn:7001']))).toEqual(['stopTimer', 'r1 cancelled']);
    const expired = reserved();
    expired.on({ kind: 'clientGone', client: 'r1' });
    expect(brief(expired.request('r2', ['dn:7001']))).toEqual(['r2 refused: reserved']);
    expired.on({ kind: 'expired', window: 1 });
    expect(brief(expired.request('r2', ['dn:7001']))).toEqual(['startWindow']);
  });
});

it('refuses when it is full', () => {
  const desk = new Desk({ max: 1 });
  desk.request('r1', ['dn:7001']);
  expect(brief(desk.request('r1', ['dn:7002']))).toEqual(['r1 refused: full']);
});

it('never grants one key twice at a time, and answers every request exactly once', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('request' as const), client: fc.constantFrom('r1', 'r2', 'r3'),
      keys: fc.uniqueArray(fc.constantFrom('dn:1', 'dn:2', 'agent:a'), { minLength: 1 }), priority: fc.nat(3),
    }),
    fc.record({ kind: fc.constant('over' as const), random: fc.nat(10) }),
    fc.record({ kind: fc.constant('expired' as const) }),
    fc.record({ kind: fc.constant('cancel' as const), client: fc.constantFrom('r1', 'r2', 'r3'), keys: fc.constant<string[]>(['dn:1']) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), fc.boolean(), (steps, lower, reject) => {
    const desk = new Desk({ collectLowerPriority: lower, rejectSubsequent: reject });
    const windows = new Set<number>();
    const grants = new Map<number, readonly string[]>();
    const answers = new Map<number, number>();
    let asked = 0;
    const take = (effects: ReservationEffect[]) => {
      let pending: number | undefined;
      for (const effect of effects) {
        if (effect.kind === 'startWindow') windows.add(effect.window);
        if (effect.kind === 'stopTimer') { windows.delete(effect.window); grants.delete(effect.window); }
        if (effect.kind === 'startExpiry') pending = effect.window;
        if (effect.kind === 'reserved') {
          for (const keys of grants.values()) expect(keys.some((key) => effect.keys.includes(key))).toBe(false);
          grants.set(pending as number, effect.keys);
        }
        if ('ticket' in effect) answers.set(effect.ticket, (answers.get(effect.ticket) ?? 0) + 1);
      }
    };
    const over = (random: number) => {
      const [window] = windows;
      if (window === undefined) return;
      windows.delete(window);
      take(desk.windowOver(window, random));
    };
    for (const each of steps) {
      if (each.kind === 'request') { asked += 1; take(desk.request(each.client, each.keys, each.priority)); }
      if (each.kind === 'cancel') { asked += 1; take(desk.cancel(each.client, each.keys)); }
      if (each.kind === 'over') over(each.random);
      if (each.kind === 'expired') {
        const [window] = grants.keys();
        if (window !== undefined) { grants.delete(window); desk.on({ kind: 'expired', window }); }
      }
    }
    while (windows.size > 0) over(0);
    expect([...answers.values()]).toEqual(Array.from({ length: asked }, () => 1));
  }));
});
