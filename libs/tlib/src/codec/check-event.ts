/** Whether an event is what the catalogue says: for tests of the servers, and for clients that want to be strict. */
import type { TAttribute, TEvent } from '../message.js';
import { EVENT_RULES } from '../messages/events.js';
import { decodeValue, describeType } from './decode.js';

/** One sentence for each thing that is wrong; none when the event is as the catalogue says. */
export function eventProblems(event: TEvent): string[] {
  const rule = EVENT_RULES.get(event.msg);
  if (rule === undefined) return [`there is no event called ${event.msg}`];
  const problems: string[] = [];
  for (const { name, type, required } of rule.attributes) {
    const value: TAttribute = event[name];
    if (value === undefined) {
      if (required) problems.push(`${event.msg} lacks ${name}`);
    } else if (decodeValue(type, value) === undefined) problems.push(`${name} of ${event.msg} must be ${describeType(type)}`);
  }
  for (const name of Object.keys(event)) {
    if (name !== 'msg' && event[name] !== undefined && !rule.byName.has(name)) problems.push(`${event.msg} has ${name}, which its rule does not know`);
  }
  return problems;
}
