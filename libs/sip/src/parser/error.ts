/** Why bytes were refused, and what may be answered to them. */
import type { SipRequest } from '../message/message.js';

export type SipParseErrorCode =
  | 'SIP_PARSE_EMPTY' | 'SIP_PARSE_START_LINE' | 'SIP_PARSE_VERSION' | 'SIP_PARSE_STATUS' | 'SIP_PARSE_HEADER_LINE'
  | 'SIP_PARSE_HEADERS_END' | 'SIP_PARSE_CONTENT_LENGTH' | 'SIP_PARSE_TOO_LARGE' | 'SIP_PARSE_URI' | 'SIP_PARSE_VIA'
  | 'SIP_PARSE_NAME_ADDR' | 'SIP_PARSE_CSEQ' | 'SIP_PARSE_CALL_ID' | 'SIP_PARSE_NUMBER' | 'SIP_PARSE_REPEATED'
  | 'SIP_PARSE_SCHEME' | 'SIP_PARSE_METHOD';

export interface SipParseError {
  readonly code: SipParseErrorCode;
  /** A sentence for the log and the reason phrase. */
  readonly message: string;
  /** Where in the bytes; -1 when it is the message as a whole. */
  readonly offset: number;
  /** Status to answer a request with. */
  readonly statusHint: number;
  /** As much as is needed to answer; absent for responses and for noise. */
  readonly partial?: SipRequest;
}
