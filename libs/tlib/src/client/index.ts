/** The client SDK: what routing programs, desktops and monitors are written with. */
export { type Attributes, type TlibAddress, TlibClient, type TlibClientOptions, TlibRequestError } from './tlib-client.js';
