/** The SIP messages of the RFCs as test data: what their manifests say of each. Folder by `CORDBOARD_CORPORA`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the repository, or beside the folder that holds its work trees. */
const NEAR = ['../../../shared/corpora', '../../../../shared/corpora'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const CORPORA = process.env['CORDBOARD_CORPORA'] ?? NEAR.find((path) => existsSync(path)) ?? '';

/** What came back to the sender. */
export type Answer = number | 'silent';

export interface CorpusMessage {
  readonly folder: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly isRequest: boolean;
  readonly method: string;
  /** Well formed; an invalid or defective message may be refused, or repaired where `permits` says so. */
  readonly isValid: boolean;
  /** Why a message as printed in its RFC is defective, as the manifest words it. */
  readonly flags: readonly string[];
  /** Whether an element may answer so. */
  permits(answer: Answer): boolean;
}

type Row = Readonly<Record<string, string>>;

/** What refuses a message as malformed, or as one that nobody could serve: never the answer to a well-formed one. */
const REFUSALS = new Set(['400', '413', '414', '416', '500', '505', '513', '606']);

export const corporaAvailable = CORPORA !== '' && existsSync(CORPORA);

export const corpusFolders: readonly string[] = corporaAvailable
  ? readdirSync(CORPORA, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  : [];

export function corpusMessages(folder: string): CorpusMessage[] {
  return manifest(folder).map((row) => {
    const file = row['file'] ?? '';
    const bytes = readFileSync(`${CORPORA}/${folder}/${file}`);
    const first = bytes.toString('latin1').trimStart();
    const isRequest = !first.startsWith('SIP/');
    return {
      folder, file, bytes, isRequest, method: isRequest ? first.slice(0, first.indexOf(' ')) : '',
      isValid: (row['valid'] ?? row['status']) === 'valid',
      flags: (row['flags'] ?? '-').split(',').filter((flag) => flag !== '-'),
      permits: row['preferred'] === undefined ? byStatus(row, isRequest) : byCodes(row),
    };
  });
}

export function allCorpusMessages(): CorpusMessage[] {
  return corpusFolders.flatMap(corpusMessages);
}

function manifest(folder: string): Row[] {
  const [head = '', ...rows] = readFileSync(`${CORPORA}/${folder}/manifest.tsv`, 'utf8').trimEnd().split('\n');
  const names = head.split('\t');
  return rows.map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [names[i] ?? '', cell])));
}

/** The torture tests list codes: `any` is any reply that is not in `never`; a response gets none. */
function byCodes(row: Row): (answer: Answer) => boolean {
  const preferred = row['preferred'] ?? '';
  if (preferred === 'no reply') return (answer) => answer === 'silent';
  const named = new Set([...preferred.split(' '), ...(row['permitted'] ?? '').split(' ')]);
  const never = new Set((row['never'] ?? '').split(' '));
  return (answer) => !never.has(String(answer)) && (named.has(String(answer)) || (named.has('any') && answer !== 'silent'));
}

/** The call flows say `valid` or `defect`: an element must accept the one, and may refuse the other with 400. */
function byStatus(row: Row, isRequest: boolean): (answer: Answer) => boolean {
  if (!isRequest || row['start_line']?.startsWith('ACK ') === true) return (answer) => answer === 'silent';
  if (row['status'] === 'valid') return (answer) => answer !== 'silent' && !REFUSALS.has(String(answer));
  return (answer) => answer === 400 || (answer !== 'silent' && !REFUSALS.has(String(answer)));
}
