/** Just enough SIP for a load that must cost little: messages as text, headers found by name, dialogs of one route set. */

/** Values of a header, one per line, in order. */
export function linesOf(message: string, name: string): string[] {
  const found: string[] = [];
  const head = message.slice(0, message.indexOf('\r\n\r\n'));
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon === name.length && line.slice(0, colon).toLowerCase() === name.toLowerCase()) found.push(line.slice(colon + 1).trim());
  }
  return found;
}

export function valueOf(message: string, name: string): string {
  return linesOf(message, name)[0] ?? '';
}

export function firstLine(message: string): string {
  return message.slice(0, message.indexOf('\r'));
}

/** 0 for a request. */
export function statusOf(message: string): number {
  return message.startsWith('SIP/2.0 ') ? Number(message.slice(8, 11)) : 0;
}

export function methodOf(message: string): string {
  return message.startsWith('SIP/2.0 ') ? (valueOf(message, 'CSeq').split(' ')[1] ?? '') : message.slice(0, message.indexOf(' '));
}

/** URI between angle brackets. */
export function uriIn(value: string): string {
  return value.slice(value.indexOf('<') + 1, value.indexOf('>'));
}

export function tagIn(value: string): string | undefined {
  return /;tag=([^;]+)/.exec(value)?.[1];
}

export function message(startLine: string, headers: readonly string[], body = ''): string {
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
  return `${startLine}\r\n${headers.join('\r\n')}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A response: what RFC 3261 §8.2.6.2 copies, and what is added. */
export function answer(request: string, status: string, more: { toTag?: string; headers?: readonly string[]; body?: string } = {}): string {
  const to = valueOf(request, 'To');
  return message(`SIP/2.0 ${status}`, [
    ...linesOf(request, 'Via').map((via) => `Via: ${via}`),
    ...linesOf(request, 'Record-Route').map((route) => `Record-Route: ${route}`),
    `From: ${valueOf(request, 'From')}`,
    `To: ${to}${tagIn(to) === undefined && more.toTag !== undefined ? `;tag=${more.toTag}` : ''}`,
    `Call-ID: ${valueOf(request, 'Call-ID')}`,
    `CSeq: ${valueOf(request, 'CSeq')}`,
    ...(more.headers ?? []),
  ], more.body);
}

export function sdpOf(host: string): string {
  return `v=0\r\no=- 53655765 2353687637 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8 0 101\r\n`
    + 'a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n';
}
