/** The ways in and out of a node, each input a turn, each output held until its end (`Turns`). */
import type { Bus, BusDelivery, BusHandler, BusMessage, BusReply, BusSubscription } from '#cluster';
import type { Clock, Timer } from '#kernel';
import type { Flow, ListeningAddress, SipMessage, SipParseError, SipTransport, Target, TransportError } from '#sip';
import type { AdminCommands } from '#tier';
import type { ClientSession } from '../adapters/client-session.js';
import type { Turns } from './turns.js';

export class TurnedClock implements Clock {
  constructor(private readonly clock: Clock, private readonly turns: Turns) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.clock.setTimer(delayMs, () => this.turns.run(fire));
  }
}

export class TurnedBus implements Bus {
  constructor(private readonly bus: Bus, private readonly turns: Turns) {}

  get connected(): boolean {
    return this.bus.connected;
  }

  publish(subject: string, message: BusMessage): void {
    this.turns.out(() => this.bus.publish(subject, message));
  }

  subscribe(pattern: string, handler: BusHandler, options?: { readonly queue?: string }): BusSubscription {
    return this.bus.subscribe(pattern, (message, delivery) => {
      this.turns.run(() => handler(message, this.#held(delivery)));
    }, options);
  }

  request(subject: string, message: BusMessage, timeoutMs: number, done: (reply: BusReply) => void): void {
    this.turns.out(() => this.bus.request(subject, message, timeoutMs, (reply) => this.turns.run(() => done(reply))));
  }

  flush(): Promise<void> {
    return this.bus.flush();
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  #held({ subject, respond }: BusDelivery): BusDelivery {
    return respond === undefined ? { subject } : { subject, respond: (message) => this.turns.out(() => respond(message)) };
  }
}

export class TurnedTransport implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};
  /** Until the calls of the process before are there, nothing can be answered rightly: who asked will ask again. */
  deaf = true;

  constructor(private readonly transport: SipTransport, private readonly turns: Turns) {
    const unlessDeaf = (work: () => void): void => {
      if (!this.deaf) turns.run(work);
    };
    transport.onMessage = (message, flow) => unlessDeaf(() => this.onMessage(message, flow));
    transport.onMalformed = (error, flow) => unlessDeaf(() => this.onMalformed(error, flow));
    transport.onFlowLost = (flow) => unlessDeaf(() => this.onFlowLost(flow));
  }

  get listening(): readonly ListeningAddress[] {
    return this.transport.listening;
  }

  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    const heard = failed && ((error: TransportError) => this.turns.run(() => failed(error)));
    this.turns.out(() => this.transport.send(bytes, to, heard));
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

export interface Outside {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly transport: SipTransport;
}

/** The same ways, in turns. `listen` opens the ear for SIP. */
export function turnedOutside({ clock, bus, transport }: Outside, turns: Turns): Outside & { listen(): void } {
  const turned = new TurnedTransport(transport, turns);
  return {
    clock: new TurnedClock(clock, turns), bus: new TurnedBus(bus, turns), transport: turned,
    listen: () => {
      turned.deaf = false;
    },
  };
}

/** What the client hears, it hears in its turn. */
export function turnedSession(session: ClientSession, turns: Turns): ClientSession {
  return {
    id: session.id, applicationName: session.applicationName,
    get connected() {
      return session.connected !== false;
    },
    send: (event, referenceID) => turns.out(() => session.send(event, referenceID)),
  };
}

export function turnedCommands(commands: AdminCommands, turns: Turns): AdminCommands {
  return Object.fromEntries(Object.entries(commands).map(([name, handler]): [string, AdminCommands[string]] =>
    [name, (args) => turns.run(() => handler(args))]));
}
