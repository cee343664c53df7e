/** Reads what a request asks. Mistakes are told by field. */
import type { FieldError } from '#limits';
import { refused, Refused } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';

export const PAGE_MAX = 1_000;

const LIMIT_ERROR = `must be a whole number from 1 to ${PAGE_MAX}`;
export const limit = z.string(LIMIT_ERROR).regex(/^\d{1,4}$/, LIMIT_ERROR).transform(Number)
  .refine((value) => value >= 1 && value <= PAGE_MAX, LIMIT_ERROR).optional();
export const word = z.string('must be given once').min(1, 'must not be empty').max(200, 'has 200 characters at most').optional();

/** @throws Refused */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw new Refused('invalid', result.error.issues.flatMap((issue): FieldError[] => {
    if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.'), message: issue.message }];
    return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'is not known here; remove it or check its spelling' }));
  }));
}

/** For what is of the whole switch. @throws Refused */
export function wantAll({ name, divisions }: Principal): void {
  if (divisions !== undefined) throw refused('forbidden', `${name} is of some divisions, and this is about all of them`);
}

/** A file. @throws Refused */
export function csvOf(body: unknown): string {
  if (typeof body === 'string') return body;
  throw refused('invalid', 'send the file as it is, with Content-Type: text/csv', 'body');
}

/** The version of `If-Match: "123"`. */
export function versionOf(header: string | undefined): string | undefined {
  return header?.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');
}
