/**
 * Who gets a message. Subjects without wildcards are found by one map look-up; what the wildcards add is worked out once
 * per subject and remembered, so that publishing costs the same with ten subscriptions as with ten thousand.
 */
import { matches } from './pattern.js';

/** Members of one queue that match a subject: one of them gets the message, in turn. */
export interface QueueGroup<T> {
  readonly queue: string;
  readonly members: T[];
  next: number;
}

export interface Receivers<T> {
  readonly everyone: readonly T[];
  readonly groups: readonly QueueGroup<T>[];
}

interface Entry<T> {
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly value: T;
}

/** Remembered subjects; beyond it the memory is emptied and fills again. */
const REMEMBERED_MAX = 65_536;

export class SubscriptionTable<T> {
  readonly #exact = new Map<string, Entry<T>[]>();
  readonly #wildcards: Entry<T>[] = [];
  readonly #remembered = new Map<string, Receivers<T>>();

  /** Answers how to take it out again. */
  add(pattern: string, isWildcard: boolean, queue: string | undefined, value: T): () => void {
    const entry: Entry<T> = { pattern, queue, value };
    if (isWildcard) {
      this.#wildcards.push(entry);
      this.#remembered.clear();
      return () => this.#removeWildcard(entry);
    }
    const entries = this.#exact.get(pattern);
    if (entries === undefined) this.#exact.set(pattern, [entry]);
    else entries.push(entry);
    this.#remembered.delete(pattern);
    return () => this.#removeExact(entry);
  }

  /** Owned by the table; valid until the next `add` or removal. */
  receivers(subject: string): Receivers<T> {
    const remembered = this.#remembered.get(subject);
    if (remembered !== undefined) return remembered;
    const everyone: T[] = [];
    const groups: QueueGroup<T>[] = [];
    for (const entry of this.#exact.get(subject) ?? []) join(everyone, groups, entry);
    for (const entry of this.#wildcards) {
      if (matches(entry.pattern, subject)) join(everyone, groups, entry);
    }
    // A hundred thousand DNs have three subjects each: no list is longer than what is in it.
    const found: Receivers<T> = { everyone: exact(everyone), groups: exact(groups) };
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(subject, found);
    return found;
  }

  clear(): void {
    this.#exact.clear();
    this.#wildcards.length = 0;
    this.#remembered.clear();
  }

  #removeWildcard(entry: Entry<T>): void {
    const at = this.#wildcards.indexOf(entry);
    if (at === -1) return;
    this.#wildcards.splice(at, 1);
    this.#remembered.clear();
  }

  #removeExact(entry: Entry<T>): void {
    const entries = this.#exact.get(entry.pattern);
    const at = entries?.indexOf(entry) ?? -1;
    if (entries === undefined || at === -1) return;
    entries.splice(at, 1);
    if (entries.length === 0) this.#exact.delete(entry.pattern);
    this.#remembered.delete(entry.pattern);
  }
}

const NONE: readonly never[] = [];

const exact = <T>(list: readonly T[]): readonly T[] => (list.length === 0 ? NONE : list.slice());

function join<T>(everyone: T[], groups: QueueGroup<T>[], entry: Entry<T>): void {
  if (entry.queue === undefined) {
    everyone.push(entry.value);
    return;
  }
  const group = groups.find((candidate) => candidate.queue === entry.queue);
  if (group === undefined) groups.push({ queue: entry.queue, members: [entry.value], next: 0 });
  else group.members.push(entry.value);
}

/** The member whose turn it is. */
export function takeTurn<T>(group: QueueGroup<T>): T {
  const member = group.members[group.next % group.members.length] as T;
  group.next = (group.next + 1) % group.members.length;
  return member;
}
