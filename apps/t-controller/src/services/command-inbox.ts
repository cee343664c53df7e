/** Commands for one DN: kept in order while its hand-over is on the way, served from then on. */
import { type Bus, type BusDelivery, type BusSubscription, subjects } from '#cluster';
import type { DnCommand } from '#telephony';

type Serve = (command: DnCommand, delivery: BusDelivery) => void;

/** Beyond it the newest is dropped: frames are repeated, and whoever asked hears the deadline. */
const WAITING_MAX = 256;

export class CommandInbox {
  readonly #subscription: BusSubscription;
  #waiting: [DnCommand, BusDelivery][] = [];
  #serve: Serve | undefined;

  constructor(bus: Bus, dn: string) {
    this.#subscription = bus.subscribe(subjects.dnCommand(dn), (message, delivery) => this.#heard(message as DnCommand, delivery));
  }

  /** What waited first, then everything that comes. */
  serve(serve: Serve): void {
    this.#serve = serve;
    for (const [command, delivery] of this.#waiting.splice(0)) serve(command, delivery);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#waiting = [];
  }

  #heard(command: DnCommand, delivery: BusDelivery): void {
    if (this.#serve !== undefined) this.#serve(command, delivery);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push([command, delivery]);
  }
}
