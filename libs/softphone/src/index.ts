/** A SIP user agent without media: what phones and carriers do, for the demo, end-to-end tests and benches. */
export { Call, type Dialling } from './call.js';
export type { CallEnd, CallPlan, CallState } from './machines/phone-call.js';
export type { RegistrationState } from './machines/registration.js';
export { type OpenOptions, openSoftphones } from './open.js';
export { Phone, type PhoneEvents, type PhoneOptions } from './phone.js';
export type { Route } from './sender.js';
export { ANY_USER, Softphones, type SoftphonesPorts } from './softphones.js';
