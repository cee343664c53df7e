/** The INVITE of a leg that we call: what the call machine wants, in headers. */
import { type HeaderLine, makeRequest, type SipRequest } from '#sip';
import type { CallEffect } from '#telephony';
import { userDataHeaders } from '../machines/user-data-headers.js';
import { ALLOW, type LegPorts, SDP_TYPE } from './leg.js';

export type Invite = Extract<CallEffect, { readonly kind: 'invite' }>;

export interface InviteNumbers {
  readonly callId: string;
  readonly localTag: string;
  readonly callUUID: string;
  readonly maxForwards: number;
  readonly seq: number;
  /** Seconds that a 422 asked for (RFC 4028 §7.3). */
  readonly minSe: number | undefined;
}

export function outgoingInvite(invite: Invite, numbers: InviteNumbers, ports: LegPorts): SipRequest {
  const { fromUser, fromDisplay, sdp, autoAnswer, destination } = invite;
  const { callId, localTag, callUUID, maxForwards, seq, minSe } = numbers;
  const { accessPoint, contact } = ports;
  const object = objectOf(invite);
  const uri = destination.kind === 'device' || destination.kind === 'trunk' ? destination.uri : '';
  const display = fromDisplay === '' ? '' : `"${fromDisplay.replace(/["\\\r\n]/g, ' ')}" `;
  const wanted = Number(ports.option('session-expires', object));
  const headers: HeaderLine[] = [
    ['Max-Forwards', String(maxForwards)],
    ['From', `${display}<sip:${fromUser}@${accessPoint}>;tag=${localTag}`],
    ['To', `<${uri}>`],
    ['Call-ID', callId],
    ['CSeq', `${seq} INVITE`],
    ['Contact', contact],
    ['Allow', ALLOW],
    ['Supported', supported(invite, object, ports)],
    ['Session-Expires', String(Math.max(wanted, minSe ?? 0))],
    ['Min-SE', String(minSe ?? 90)],
    ['X-Genesys-CallUUID', callUUID],
    ...userDataOf(invite, object, ports),
  ];
  // RFC 5373's older cousin that phones understand: answer without being picked up.
  if (autoAnswer) headers.push(['Call-Info', `<sip:${accessPoint}>;answer-after=0`]);
  return makeRequest({ method: 'INVITE', uri, headers, ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }) });
}

/** Configuration object whose options apply to the leg. */
function objectOf({ destination }: Invite): string | undefined {
  if (destination.kind === 'trunk') return destination.trunk;
  return destination.kind === 'device' ? destination.dn : undefined;
}

/** 100rel only with an offer: a PRACK would have to carry the answer to an offer in a 1xx, which nobody has yet. */
function supported({ sdp }: Invite, object: string | undefined, { option }: LegPorts): string {
  return sdp !== null && option('sip-enable-100rel', object) === 'true' ? 'timer, 100rel' : 'timer';
}

/** SC-24: only where the trunk or device that is called asks for it. */
function userDataOf({ userData }: Invite, object: string | undefined, { option, log }: LegPorts): readonly HeaderLine[] {
  const filter = option('userdata-map-filter', object);
  if (filter === '' || object === undefined || userData.length === 0) return [];
  const { headers, left } = userDataHeaders(userData, {
    prefix: option('userdata-map-trans-prefix', object), filter: filter.split(',').map((name) => name.trim()),
  });
  if (left > 0) log.info('user data was left out of an INVITE: lists, names of the switch, or what does not fit', { to: object, left });
  return headers;
}
