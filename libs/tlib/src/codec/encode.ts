/** Messages to lines. The body of an event is written once for all receivers; each adds its own number in front. */
import type { TAttribute, TEvent, TMessage, TTime } from '../message.js';
import { kvToJson } from '../messages/kv-list.js';
import type { KVList } from '../message.js';

/** Of the event written last: an event goes to all its receivers in one go, and is immutable once it is sent. */
let lastEvent: TEvent | undefined;
let lastBody = '';

/** `{"msg":...,"EventSequenceNumber":n[,"ReferenceID":r],...}\n` */
export function encodeEvent(event: TEvent, sequenceNumber: number, referenceID?: number): string {
  const reference = referenceID ?? event['ReferenceID'];
  const head = `{"msg":"${event.msg}","EventSequenceNumber":${sequenceNumber}`;
  return (reference === undefined ? head : `${head},"ReferenceID":${reference as number}`) + bodyOf(event);
}

function bodyOf(event: TEvent): string {
  if (event === lastEvent) return lastBody;
  lastBody = attributesOf(event);
  lastEvent = event;
  return lastBody;
}

function attributesOf(message: TMessage): string {
  let text = '';
  for (const name of Object.keys(message)) {
    if (name === 'msg' || name === 'EventSequenceNumber' || name === 'ReferenceID') continue;
    const value = message[name];
    if (value !== undefined) text += `,${JSON.stringify(name)}:${encodeValue(value)}`;
  }
  return `${text}}\n`;
}

/** A client's request as a line. */
export function encodeRequest(request: TMessage): string {
  const { ReferenceID: reference } = request;
  return `{"msg":"${request.msg}"${reference === undefined ? '' : `,"ReferenceID":${reference as number}`}${attributesOf(request)}`;
}

function encodeValue(value: Exclude<TAttribute, undefined>): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (!Array.isArray(value)) return `{"sec":${(value as TTime).sec},"usec":${(value as TTime).usec}}`;
  return typeof value[0] === 'string' ? JSON.stringify(value) : kvToJson(value as KVList);
}

/** `Time` of an event. */
export function tTime(nowMs: number): TTime {
  const sec = Math.floor(nowMs / 1000);
  return { sec, usec: Math.floor((nowMs - sec * 1000) * 1000) };
}

/** Every event carries `Time` (tlib-protocol §4): one that has none gets the time at which it is sent. */
export function timed(event: TEvent, nowMs: number): TEvent {
  return event['Time'] === undefined ? { ...event, Time: tTime(nowMs) } : event;
}
