/** ACK to a non-2xx and CANCEL: requests made from the INVITE they belong to, as it left. RFC 3261 §17.1.1.3 and §9.1. */
import type { SipRequest, SipResponse } from '../message/message.js';
import { type HeaderLine, makeRequest } from '../message/make.js';

type HeaderList = HeaderLine[];

/** Only the top Via counts: the next hop is where the INVITE went. */
export function makeHopAck(invite: SipRequest, response: SipResponse): SipRequest {
  return makeHopRequest('ACK', invite, response.header('To') ?? '', []);
}

/** @param reasonHeader value of a Reason header (RFC 3326), such as `SIP;cause=200;text="Call completed elsewhere"` */
export function makeCancel(invite: SipRequest, reasonHeader?: string): SipRequest {
  const reason: HeaderList = reasonHeader === undefined ? [] : [['Reason', reasonHeader]];
  return makeHopRequest('CANCEL', invite, invite.header('To') ?? '', reason);
}

function makeHopRequest(method: string, invite: SipRequest, to: string, more: HeaderList): SipRequest {
  const headers: HeaderList = [
    ['Via', invite.values('Via')[0] ?? ''],
    ['Max-Forwards', '70'],
    ['From', invite.header('From') ?? ''],
    ['To', to],
    ['Call-ID', invite.callId],
    ['CSeq', `${invite.cseq.seq} ${method}`],
  ];
  for (const route of invite.headers('Route')) headers.push(['Route', route]);
  return makeRequest({ method, uri: invite.uri, headers: headers.concat(more) });
}
