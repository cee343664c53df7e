/** Why a change was not made. */
import type { FieldError } from '#limits';

export type RefusedKind = 'invalid' | 'forbidden' | 'not-found' | 'conflict' | 'stale';

export class Refused extends Error {
  readonly code = 'LIMITS_REFUSED';

  constructor(readonly kind: RefusedKind, readonly errors: readonly FieldError[]) {
    super(errors.map(({ field, message }) => (field === '' ? message : `${field} ${message}`)).join('; '));
  }
}

export const refused = (kind: RefusedKind, message: string, field = ''): Refused => new Refused(kind, [{ field, message }]);
