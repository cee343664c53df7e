/** RequestQuerySwitch and RequestQueryLocation: this cluster is one switch, and knows no other (tlibrary §3.3). */
import { kv, TError, type TEvent, type TRequest, tTime } from '#tlib';
import type { TErrorReply } from '../messages/index.js';

export const SWITCH_QUERIES: ReadonlySet<string> = new Set(['RequestQuerySwitch', 'RequestQueryLocation']);

/** What a port knows of its switch. */
export interface SwitchIdentity {
  readonly switchName: string;
  readonly geoLocation: string;
}

/** The answer to a request of {@link SWITCH_QUERIES}. */
export function switchAnswer(request: TRequest, { switchName, geoLocation }: SwitchIdentity, nowMs: number): TEvent | TErrorReply {
  return request.msg === 'RequestQuerySwitch' ? switchInfo(request, switchName, nowMs) : locationInfo(request, switchName, geoLocation, nowMs);
}

function switchInfo(request: TRequest, switchName: string, nowMs: number): TEvent | TErrorReply {
  const type = request['SwitchInfoType'] ?? 'DateTime';
  if (type !== 'DateTime') return refusal(TError.UnsupportedOperation, 'SwitchInfoType must be DateTime: there are no classifiers');
  const Time = tTime(nowMs);
  return { msg: 'EventSwitchInfo', SwitchInfoType: type, Time, Extensions: kv({ switch: switchName, DateTime: new Date(nowMs).toISOString() }) };
}

function locationInfo(request: TRequest, switchName: string, geoLocation: string, nowMs: number): TEvent | TErrorReply {
  const type = request['LocationInfoType'] ?? 'AllLocations';
  const asked = request['Location'];
  if (type !== 'AllLocations' && type !== 'LocationData') {
    return refusal(TError.UnsupportedOperation, 'LocationInfoType must be AllLocations or LocationData: locations do not change and cannot be monitored');
  }
  if (type === 'LocationData' && asked !== switchName) return refusal(TError.NotConfigured, `Location must be ${switchName}: no other switch is known here`);
  return {
    msg: 'EventLocationInfo', LocationInfoType: type, Location: switchName, Time: tTime(nowMs),
    Extensions: kv({ 'location-1': switchName, site: geoLocation }),
  };
}

const refusal = (code: number, message: string): TErrorReply => ({ kind: 'error', code, message });
