/** An answer that a check gives instead of letting a request pass. */
import type { HeaderLine } from '../message/make.js';
import type { SipRequest } from '../message/message.js';

export interface Refusal {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
}

/** 420 with what is not supported, when `header` (Require or Proxy-Require) asks for it. */
export function refuseUnsupported(request: SipRequest, header: string, extensions: ReadonlySet<string>): Refusal | undefined {
  const unsupported = request.values(header).filter((tag) => !extensions.has(tag.toLowerCase()));
  return unsupported.length === 0 ? undefined : { status: 420, headers: [['Unsupported', unsupported.join(', ')]] };
}
