/** What differs between two runs is shown by stand-ins, always the same ones in the order of their appearance. */

const TIME = { sec: 1_767_225_600, usec: 0 };

export class Normaliser {
  readonly #connIDs = new Map<string, string>();
  readonly #uuids = new Map<string, string>();
  readonly #logins = new Map<string, string>();
  readonly #callIDs = new Map<number, number>();
  readonly #sequences = new Map<string, number>();

  /** A line that came, with stand-ins. */
  shown(line: string): string {
    let text = JSON.stringify(JSON.parse(line, (key, value: unknown) => this.#stand(key, value)));
    for (const [real, stand] of this.#connIDs) text = text.replaceAll(real, stand);
    return text.replace(/"DNSequence":(\d+)/, (_, number: string) => `"DNSequence":${this.#sequence(line, Number(number))}`);
  }

  /** A line to send, with the real values. */
  real(line: string): string {
    let text = line;
    for (const [real, stand] of this.#connIDs) text = text.replaceAll(stand, real);
    return text;
  }

  #stand(key: string, value: unknown): unknown {
    if (key === 'Time' || key === 'TimeStamp' || key === 'ServerStartTime') return TIME;
    if (key === 'SessionToken') return '9d5e2c7f41b80a36e1f4d2c8b7a69053';
    if (key === 'OwnerEpoch') return 1_809_639_014_400_000;
    if (key === 'DateTime') return new Date(TIME.sec * 1000).toISOString();
    if (key === 'started') return TIME.sec;
    if (key === 'calls' || key === 'dns' || key === 'reservations') return 3;
    if (key === 'CallID') return numbered(this.#callIDs, value as number, (n) => n);
    if (key === 'AgentSessionID') return numbered(this.#logins, value as string, (n) => `01M38P5D08AA0000${String(n).padStart(4, '0')}`);
    if (typeof value !== 'string') return value;
    if (key === 'ConnID' || key === 'PreviousConnID' || key.startsWith('conn-')) {
      return numbered(this.#connIDs, value, (n) => `001${String(n).padStart(13, '0')}`);
    }
    if (key === 'CallUUID') return this.#uuid(value);
    if (key === 'PartyUUID') return `${this.#uuid(value.slice(0, 32))}${value.slice(32)}`;
    return value;
  }

  #uuid(value: string): string {
    return numbered(this.#uuids, value, (n) => `UIVB8J6JE91C53UIM3VI59VHQ4${String(n).padStart(6, '0')}`);
  }

  /** The DN's first number in a session is shown as 1. */
  #sequence(line: string, number: number): number {
    const dn = (JSON.parse(line) as { ThisDN?: string }).ThisDN ?? '';
    const first = this.#sequences.get(dn) ?? number;
    this.#sequences.set(dn, first);
    return number - first + 1;
  }
}

function numbered<K, V>(seen: Map<K, V>, value: K, make: (n: number) => V): V {
  const stand = seen.get(value) ?? make(seen.size + 1);
  seen.set(value, stand);
  return stand;
}
