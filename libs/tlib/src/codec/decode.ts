/** A line to a checked request, or to the error that it is answered with. Never throws. */
import { fail, ok, type Result } from '#kernel';
import type { TAttribute, TEvent, TRequest, TTime } from '../message.js';
import type { AttributeType } from '../messages/attributes.js';
import { type EnumName, ENUMS } from '../messages/enums.js';
import { TError } from '../messages/error-codes.js';
import { kvFromJson } from '../messages/kv-list.js';
import { REQUEST_RULES, type RequestRule } from '../messages/requests.js';

export interface DecodeError {
  readonly code: number;
  readonly message: string;
  readonly referenceID: number | undefined;
  /** The bytes cannot be followed any further: answer and close (tlib-protocol §1). */
  readonly fatal: boolean;
}

export interface AddpMessage {
  readonly msg: 'AddpPing' | 'AddpPong';
  readonly n: number;
}

const enumValues = new Map<string, ReadonlySet<string>>(Object.entries(ENUMS).map(([name, values]) => [name, new Set<string>(values)]));

export function decodeRequest(line: string): Result<TRequest | AddpMessage, DecodeError> {
  const json = parseObject(line);
  if (json === undefined) return refuse(TError.OutOfService, 'each line must be one JSON object', undefined, true);
  const { msg } = json;
  const referenceID = Number.isInteger(json['ReferenceID']) ? json['ReferenceID'] as number : undefined;
  if (typeof msg !== 'string') return refuse(TError.InvalidAttribute, 'the attribute msg must be the name of a request', referenceID);
  if (msg === 'AddpPing' || msg === 'AddpPong') {
    return ok({ msg, n: Number.isInteger(json['n']) ? json['n'] as number : 0 });
  }
  const rule = REQUEST_RULES.get(msg);
  if (rule === undefined) return refuse(TError.UnsupportedOperation, `there is no request called ${msg.slice(0, 64)}`, referenceID);
  return decodeAttributes(rule, json, referenceID);
}

function decodeAttributes(rule: RequestRule, json: Readonly<Record<string, unknown>>, referenceID: number | undefined): Result<TRequest, DecodeError> {
  const request: Record<string, TAttribute> & { msg: string } = { msg: rule.msg };
  for (const { name, type, required } of rule.attributes) {
    const written = json[name];
    if (written === undefined || written === null) {
      if (required) return refuse(TError.InvalidAttribute, `${rule.msg} needs the attribute ${name} (${describeType(type)})`, referenceID);
      continue;
    }
    const value = decodeValue(type, written);
    if (value === undefined) {
      return refuse(TError.InvalidAttribute, `the attribute ${name} of ${rule.msg} must be ${describeType(type)}`, referenceID);
    }
    request[name] = value;
  }
  return ok(request);
}

/** Undefined when the JSON value is not of that type. */
export function decodeValue(type: AttributeType, json: unknown): TAttribute {
  switch (type) {
    case 'int': return Number.isSafeInteger(json) ? json as number : undefined;
    case 'string': return typeof json === 'string' ? json : undefined;
    case 'ConnID': return typeof json === 'string' && /^[0-9a-f]{16}$/.test(json) ? json : undefined;
    case 'flag': return typeof json === 'boolean' ? json : undefined;
    case 'time': return isTime(json) ? json : undefined;
    case 'kvlist': return kvFromJson(json);
    case 'strings': return Array.isArray(json) && json.every((each) => typeof each === 'string') ? json as string[] : undefined;
    default: return typeof json === 'string' && (enumValues.get(type) as ReadonlySet<string>).has(json) ? json : undefined;
  }
}

/** What a type accepts, for messages and for the protocol's page. */
export function describeType(type: AttributeType): string {
  switch (type) {
    case 'int': return 'an integer';
    case 'string': return 'a string';
    case 'flag': return 'true or false';
    case 'time': return '{"sec":integer,"usec":integer}';
    case 'ConnID': return '16 lower-case hex digits';
    case 'kvlist': return 'an object, or an array of [key, value] pairs, of integers, strings and lists';
    case 'strings': return 'an array of strings';
    default: return `one of ${ENUMS[type as EnumName].join(', ')}`;
  }
}

/** A server's line for a client. Undefined when it is not a message. */
export function decodeEvent(line: string): TEvent | AddpMessage | undefined {
  const json = parseObject(line);
  if (json === undefined || typeof json['msg'] !== 'string') return undefined;
  // What was parsed is ours: the few values that JSON writes otherwise than we do are changed in place.
  const event = json as Record<string, TAttribute> & { msg: string };
  for (const name of Object.keys(json)) {
    const value = json[name];
    if (typeof value === 'object' && value !== null) event[name] = eventValue(value);
  }
  return event;
}

function eventValue(json: object): TAttribute {
  if (isTime(json)) return json;
  return kvFromJson(json) ?? json as TAttribute;
}

function isTime(json: unknown): json is TTime {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  const { sec, usec } = json as { sec?: unknown; usec?: unknown };
  return Number.isSafeInteger(sec) && Number.isSafeInteger(usec);
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

function refuse(code: number, message: string, referenceID: number | undefined, fatal = false): Result<never, DecodeError> {
  return fail({ code, message, referenceID, fatal });
}
