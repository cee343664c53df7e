/** The T-Library-like protocol: messages, codec, sessions. Sockets are in `#tlib/server` and `#tlib/client`. */
export type { KVList, KVPair, KVValue, TAttribute, TEvent, TMessage, TRequest, TTime } from './message.js';
export { type AddpMessage, decodeEvent, decodeRequest, type DecodeError, describeType } from './codec/decode.js';
export { eventProblems } from './codec/check-event.js';
export { encodeEvent, encodeRequest, tTime } from './codec/encode.js';
export { LINE_BYTES_MAX, LineFramer } from './codec/line-framer.js';
export { type AttributeName, type AttributeRule, ATTRIBUTES, type AttributeType } from './messages/attributes.js';
export { CLIENT_SIDE_EVENTS, EVENT_RULES, type EventRule } from './messages/events.js';
export { type EnumName, ENUMS, type EnumValue } from './messages/enums.js';
export { ERROR_MEANINGS, TError, type TErrorCode } from './messages/error-codes.js';
export {
  EMPTY_KV, kv, kvAttach, kvDelete, kvFromJson, kvGet, type KVSource, kvText, kvToJson, kvUpdate,
} from './messages/kv-list.js';
export { ACCEPTED, OPENING, PORT_NAMES, sentBy, type ServerRole } from './messages/ports.js';
export { REQUEST_RULES, type RequestRule } from './messages/requests.js';
export { type BacklogEntry, type BacklogLimits, SessionBacklog } from './session/backlog.js';
