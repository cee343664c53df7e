/**
 * Every message of the corpora, sent to the real proxy and session controller: answered, refused or dropped as its manifest
 * says, and nothing passed on to strangers. What the torture tests get, and from whom, is a table in docs/specs/sip-stack.md.
 */
import { readFileSync } from 'node:fs';
import { parseMessage, type SipMessage } from '#sip';
import { corpusFolders, type CorpusMessage, corpusMessages } from './manifest.js';
import { type Outcome, Stack } from './stack.fixture.js';
import { corpora } from './suite.js';

/** What is not answered as its manifest says. At most three, and only shrinking. */
const KNOWN_FAILURES: readonly { readonly file: string; readonly reason: string }[] = [
  {
    file: 'rfc5589-6.1-F5-INVITE.sip',
    reason: 'an INVITE whose CSeq says REFER: RFC 3261 §8.1.1.5 forbids it, RFC 4475 §3.1.2.17 wants 400, and nothing tells the two apart',
  },
  { file: 'rfc5589-6.2-F5-INVITE.sip', reason: 'the same INVITE again' },
];

/** Rows of the table: file, answer, who gives it. */
function tortureTable(): Map<string, { answer: string; by: string }> {
  const page = readFileSync(new URL('../../docs/specs/sip-stack.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith('Torture tests')) ?? '';
  const rows = section.split('\n').filter((line) => /^\| \S+\.dat \|/.test(line)).map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(rows.map(([, file = '', answer = '', by = '']) => [file, { answer, by }]));
}

corpora('SIP corpora', () => {
  const table = tortureTable();
  const tortures = new Set<string>();

  async function outcomeOf(message: CorpusMessage): Promise<Outcome> {
    const stack = await Stack.start();
    try {
      return await stack.send(message.bytes);
    } finally {
      await stack.close();
    }
  }

  /** RFC 3261 §8.2.6.2. */
  function expectEcho({ bytes }: CorpusMessage, response: SipMessage): void {
    const request = parseMessage(bytes);
    if (!request.ok) throw new Error(request.error.message);
    expect([response.callId, response.cseq.seq, response.from.tag]).toEqual([request.value.callId, request.value.cseq.seq, request.value.from.tag]);
    expect(response.vias.map((via) => [via.sentBy, via.branch])).toEqual(request.value.vias.map((via) => [via.sentBy, via.branch]));
  }

  describe.each([...corpusFolders])('%s', (folder) => {
    it.each(corpusMessages(folder).map((message) => [message.file, message] as const))('%s', async (file, message) => {
      const { answer, by, responses, elsewhere } = await outcomeOf(message);
      expect(elsewhere).toEqual([]);
      if (responses[0] !== undefined && message.isValid) expectEcho(message, responses[0]);
      expect(responses.every((response) => response.kind === 'response' && response.status === answer)).toBe(true);
      if (file.endsWith('.dat')) {
        tortures.add(file);
        expect({ answer: String(answer), by }).toEqual(table.get(file));
      }
      if (KNOWN_FAILURES.some((failure) => failure.file === file)) expect([answer, message.permits(answer)]).toEqual([400, false]);
      else expect([answer, by, message.permits(answer)]).toEqual([answer, by, true]);
    });
  });

  describe('what the torture tests want besides a status', () => {
    const torture = async (file: string): Promise<Outcome> => {
      const message = corpusMessages('rfc4475').find((each) => each.file === file);
      if (message === undefined) throw new Error(`no ${file}`);
      return outcomeOf(message);
    };
    const header = ({ responses }: Outcome, name: string): string[] => responses[0]?.headers(name) ?? [];

    it('3.1.1.8: the octets after the body go nowhere', async () => {
      const { forwarded } = await torture('dblreq.dat');
      expect(forwarded).toHaveLength(1);
      expect(forwarded[0]).not.toContain('INVITE');
    });
    it('3.1.1.4: an escaped NUL is passed on as it is', async () => {
      expect((await torture('escnull.dat')).forwarded[0]).toContain('null-%00-null@example.com');
    });
    it('3.1.1.2: a strange method is passed on as it is, and so is an unknown header', async () => {
      expect((await torture('intmeth.dat')).forwarded[0]).toMatch(/^!interesting-Method0123456789_\*\+`\.%indeed'~ /);
      expect((await torture('invut.dat')).forwarded[0]).toContain('application/unknownformat');
    });
    it('3.3.5: Unsupported names what is not, and nothing else', async () => {
      expect(header(await torture('bext01.dat'), 'Unsupported')).toEqual(['nothingSupportsThis, nothingSupportsThisEither']);
    });
    it('3.3.7: an unknown Authorization scheme is passed on, and challenged anew', async () => {
      const outcome = await torture('regaut01.dat');
      expect(outcome.forwarded[0]).toContain('Authorization: NoOneKnowsThisScheme opaque-data=here');
      expect(header(outcome, 'WWW-Authenticate')[0]).toMatch(/^Digest /);
    });
    it('3.3.12 to 3.3.14: parameters and headers of a Contact stay inside or outside the URI', async () => {
      expect(header(await torture('cparam01.dat'), 'Contact')).toEqual([expect.stringMatching(/^<sip:\+19725552222@gw1\.example\.net>;/)]);
      expect(header(await torture('cparam02.dat'), 'Contact')).toEqual([expect.stringMatching(/^<sip:\+19725552222@gw1\.example\.net;unknownparam>;/)]);
      expect(header(await torture('regescrt.dat'), 'Contact')).toEqual([expect.stringMatching(/^<sip:user@example\.com\?Route=%3Csip:sip\.example\.com%3E>;/)]);
    });
    it('RFC 5118 §4.5: received is never written with brackets', async () => {
      for (const message of corpusMessages('rfc5118')) {
        for (const sent of (await outcomeOf(message)).forwarded) expect(sent.split('\r\n').find((line) => line.startsWith('Via'))).not.toContain('received=[');
      }
    });
  });

  it('has every torture test in the table, and nothing else', () => expect([...table.keys()].sort()).toEqual([...tortures].sort()));
  it('knows at most three failures', () => expect(KNOWN_FAILURES.length).toBeLessThanOrEqual(3));
});
