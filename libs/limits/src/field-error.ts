/** What is wrong with a value, field by field, in sentences that say what to change. */
import type { z } from 'zod';

export interface FieldError {
  /** Path with dots, as `schedule.weekly.0.from`; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** Errors told at most, so that an answer stays small. */
export const ERRORS_MAX = 1_000;

export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.'), message: issue.message }];
    return issue.keys.map((key) => ({
      field: [...issue.path, key].join('.'), message: 'is not known here; remove it or check its spelling',
    }));
  }).slice(0, ERRORS_MAX);
}
