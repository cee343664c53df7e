/** How bindings stand in Redis: docs/specs/stores.md, "Form". */
import type { LocationBinding, LocationRemoval } from './port.js';

export const KEY_PREFIX = 'cb:loc:';
/** A removal outlives any older report that is still on its way. */
export const REMOVAL_TTL_MS = 32_000;

export type LocationRecord =
  | { readonly kind: 'put'; readonly aor: string; readonly binding: LocationBinding }
  | ({ readonly kind: 'gone' } & LocationRemoval);

/** User parts and URIs have no spaces. */
export const recordKey = (aor: string, contact: string): string => `${KEY_PREFIX}${aor} ${contact}`;

export const atMsOf = (record: LocationRecord): number => (record.kind === 'put' ? record.binding.updatedAtMs : record.atMs);

export const recordValue = (record: LocationRecord): string =>
  `${atMsOf(record)} ${record.kind === 'put' ? JSON.stringify(record.binding) : '-'}`;

/** Undefined for what nobody of this switch wrote. */
export function parseRecord(key: string, value: string): LocationRecord | undefined {
  const aorEnd = key.indexOf(' ');
  const atEnd = value.indexOf(' ');
  if (!key.startsWith(KEY_PREFIX) || aorEnd < 0 || atEnd < 0) return undefined;
  const aor = key.slice(KEY_PREFIX.length, aorEnd);
  const contact = key.slice(aorEnd + 1);
  const body = value.slice(atEnd + 1);
  if (body === '-') {
    const atMs = Number(value.slice(0, atEnd));
    return Number.isFinite(atMs) ? { kind: 'gone', aor, contact, atMs } : undefined;
  }
  const binding = parseBinding(body);
  return binding?.contact === contact ? { kind: 'put', aor, binding } : undefined;
}

function parseBinding(text: string): LocationBinding | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isBinding(value) ? value : undefined;
}

function isBinding(value: unknown): value is LocationBinding {
  if (typeof value !== 'object' || value === null) return false;
  const { contact, expiresAtMs, updatedAtMs, callId, cseq, q, path, flow, node } = value as Partial<LocationBinding>;
  return [contact, callId, flow, node].every((each) => typeof each === 'string')
    && [expiresAtMs, updatedAtMs, cseq, q].every((each) => typeof each === 'number' && Number.isFinite(each))
    && Array.isArray(path) && path.every((each) => typeof each === 'string');
}
