/** The shape of every T-Library message: plain data with the wire's attribute names (tlib-protocol §1). */

/** A KV-list value. Lists keep order and duplicates, so a list is pairs; JSON objects are accepted and sent where keys do not repeat. */
export type KVValue = string | number | KVList;
export type KVPair = readonly [key: string, value: KVValue];
export type KVList = readonly KVPair[];

export interface TTime {
  readonly sec: number;
  readonly usec: number;
}

export type TAttribute = string | number | boolean | KVList | TTime | readonly string[] | undefined;

/** Attribute names are the wire's: `ThisDN`, `ConnID`, `UserData`. */
export interface TMessage {
  readonly msg: string;
  readonly [attribute: string]: TAttribute;
}
export type TRequest = TMessage;
export type TEvent = TMessage;
