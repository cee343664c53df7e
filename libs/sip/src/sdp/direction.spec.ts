import { answerDirection, directionsOf, isHold, withDirection, withNextVersion } from './direction.js';

const sdp = (...extra: string[]) => ['v=0', 'o=- 1 7 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 4000 RTP/AVP 0', ...extra, '']
  .join('\r\n');

describe('directions', () => {
  it('are per stream, from the session part, or sendrecv', () => {
    expect(directionsOf(sdp())).toEqual(['sendrecv']);
    expect(directionsOf(sdp('a=sendonly', 'm=video 4002 RTP/AVP 99'))).toEqual(['sendonly', 'sendrecv']);
    expect(directionsOf(sdp().replace('t=0 0', 't=0 0\r\na=inactive'))).toEqual(['inactive']);
    expect(directionsOf(sdp('m=video 0 RTP/AVP 99'))).toEqual(['sendrecv', 'inactive']);
  });

  it('show hold, in the old form too', () => {
    expect(isHold(sdp())).toBe(false);
    expect(isHold(sdp('a=sendonly'))).toBe(true);
    expect(isHold(sdp('a=recvonly'))).toBe(false);
    expect(isHold(sdp().replace('c=IN IP4 192.0.2.1', 'c=IN IP4 0.0.0.0'))).toBe(true);
    expect(isHold(sdp().replace('c=IN IP4 192.0.2.1', 'c=IN IP6 ::'))).toBe(true);
    expect(isHold('')).toBe(false);
  });

  it('are replaced in every stream and nowhere else', () => {
    const changed = withDirection(sdp('a=sendrecv', 'a=rtpmap:0 PCMU/8000'), 'inactive');
    expect(directionsOf(changed)).toEqual(['inactive']);
    expect(changed).toContain('a=rtpmap:0 PCMU/8000\r\n');
    expect(changed.match(/a=(sendrecv|inactive)/g)).toEqual(['a=inactive']);
  });

  it('replaced in place, every other byte stays', () => {
    const text = 'v=0\no=- 1 7 IN IP4 h\r\ns= \r\n\r\nm=audio 4 RTP/AVP 0\r\na=sendrecv\r\na=x:\xff\0\r\nm=video 6 RTP/AVP 9';
    expect(withDirection(text, 'sendonly')).toBe(`${text.replace('a=sendrecv', 'a=sendonly')}\r\na=sendonly\r\n`);
    expect(withDirection('v=0\r\na=inactive\r\n', 'sendonly')).toBe('v=0\r\na=inactive\r\n');
  });

  it('are answered by their mirror image', () => {
    expect((['sendonly', 'recvonly', 'sendrecv', 'inactive'] as const).map(answerDirection)).toEqual(['recvonly', 'sendonly', 'sendrecv', 'inactive']);
  });
});

it('counts the version up, however long it is', () => {
  expect(withNextVersion(sdp())).toContain('o=- 1 8 IN');
  expect(withNextVersion(sdp().replace('1 7', '1 99999999999999999999'))).toContain('o=- 1 100000000000000000000 IN');
});
