export type { KVList, KVPair, KVValue, TAttribute, TEvent, TMessage, TRequest, TTime } from './message.js';
