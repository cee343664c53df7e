/** Every message of the RFCs' corpora, by their manifests: parsed and written again, or refused as the RFC wants. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseMessage } from '../parser/parse-message.js';
import { checkMessage } from './check-message.js';
import type { SipMessage } from './message.js';

const CORPORA = process.env['CORDBOARD_CORPORA'] ?? fileURLToPath(new URL('../../../../../shared/corpora', import.meta.url));

/** What is not accepted as its manifest says, by reason. At most three reasons, and only shrinking. */
const KNOWN_FAILURES: readonly { readonly reason: string; readonly files: readonly string[] }[] = [
  {
    // RFC 5589 prints another method in CSeq than in the request line; RFC 3261 §8.1.1.5 forbids that and RFC 4475
    // §3.1.2.17 wants 400 for it. They are parsed, and refused by the check.
    reason: 'CSeq names another method than the request line',
    files: ['rfc5589-6.1-F5-INVITE.sip', 'rfc5589-6.2-F4-NOTIFY.sip', 'rfc5589-6.2-F5-INVITE.sip', 'rfc5589-6.2-F6-NOTIFY.sip'],
  },
];

interface Row { readonly [column: string]: string }

function manifest(folder: string): Row[] {
  const [head, ...rows] = readFileSync(`${CORPORA}/${folder}/manifest.tsv`, 'utf8').trimEnd().split('\n');
  const names = (head as string).split('\t');
  return rows.map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [names[i] as string, cell])));
}

const read = (folder: string, file: string) => readFileSync(`${CORPORA}/${folder}/${file}`);

/** The status of the refusal; 0 when the message is in order. */
function verdict(bytes: Buffer): number {
  const parsed = parseMessage(bytes);
  if (!parsed.ok) return parsed.error.statusHint;
  return checkMessage(parsed.value)?.statusHint ?? 0;
}

function expectSame(a: SipMessage, b: SipMessage): void {
  expect(b.kind).toBe(a.kind);
  expect(b.serialize()).toBe(a.serialize());
  expect(b.callId).toBe(a.callId);
  expect(b.vias.map((via) => [via.transport, via.sentBy, via.branch])).toEqual(a.vias.map((via) => [via.transport, via.sentBy, via.branch]));
  expect(b.body).toBe(a.body);
}

const available = existsSync(CORPORA);
if (!available && process.env['CI'] === 'true') {
  it('SIP corpora', () => { throw new Error('the corpora are missing: set CORDBOARD_CORPORA to their folder'); });
}

(available ? describe : describe.skip)('SIP corpora', () => {
  const folders = available ? readdirSync(CORPORA, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name) : ['none'];

  describe.each(folders)('%s', (folder) => {
    const rows = available ? manifest(folder) : [];
    it.each(rows.map((row) => [row['file'] as string, row] as const))('%s', (file, row) => {
      const bytes = read(folder, file);
      const judgement = row['valid'] ?? row['status'];
      const status = verdict(bytes);
      if (KNOWN_FAILURES.some((failure) => failure.files.includes(file))) {
        expect(parseMessage(bytes).ok).toBe(true);
        expect(status).toBe(400);
        return;
      }
      if (judgement === 'valid') {
        const never = (row['never'] ?? '').split(' ');
        if (status !== 0) {
          const wanted = `${row['preferred'] ?? ''} ${row['permitted'] ?? ''}`.split(' ');
          expect([...wanted, ...(wanted.includes('any') ? [String(status)] : [])]).toContain(String(status));
          expect(never).not.toContain(String(status));
          return;
        }
        const first = parseMessage(bytes);
        if (!first.ok) throw new Error(first.error.message);
        const second = parseMessage(Buffer.from(first.value.serialize(), 'latin1'));
        if (!second.ok) throw new Error(second.error.message);
        expectSame(first.value, second.value);
        const edited = parseMessage(first.value.edit().prepend('Via', 'SIP/2.0/UDP edge.example;branch=z9hG4bKx').removeFirst('Via').serialize());
        expect(edited.ok && edited.value.body).toBe(first.value.body);
      } else if (status === 0) {
        // A defect that is let through must be one that the RFC lets a receiver repair or ignore.
        const allowed = `${row['preferred'] ?? 'any'} ${row['permitted'] ?? 'any'}`;
        expect(allowed).toMatch(/any|silent|501/);
      } else {
        expect((row['never'] ?? '').split(' ')).not.toContain(String(status));
      }
    });
  });

  it('knows at most three failures', () => expect(KNOWN_FAILURES.length).toBeLessThanOrEqual(3));
});
