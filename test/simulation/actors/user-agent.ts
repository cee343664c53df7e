/**
 * A SIP user agent on the simulated network, as RFC 3261 has it: transactions, dialogs, digest, repeated 2xx. What it does
 * with a call is its owner's to decide.
 */
import type { Clock, Timer } from '#kernel';
import {
  type ClientTransaction, confirm, type Dialog, dialogFromInvite, dialogFromResponse, dialogId, dialogIdOf, dialogNextHop, digestResponse,
  type HeaderLine, makeAck, makeInDialogRequest, makeRequest, makeResponse, onDialogRequest, onDialogResponse, parseDigestParameters,
  literalAddress, parseMessage, parseUri, type ServerTransaction, type SipRequest, type SipResponse, stampMessage, type Target, TransactionLayer,
} from '#sip';
import type { SeededEntropy, SimPorts, SipReader } from '#simulation';

export const reader: SipReader = (bytes, source) => parseMessage(stampMessage(bytes, source, 'always').text);

export interface UserAgentOptions {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** Where the access point's name leads. Each request outside a dialog takes one of them, the next one when it fails. */
  readonly proxies: readonly Target[];
  readonly accessPoint: string;
  readonly password?: string;
}

/** What becomes of a call, as its user sees it. Each is told at most once. */
export interface CallUser {
  rung?(): void;
  /** The dialog is confirmed: our ACK is sent, or theirs has come. */
  connected?(): void;
  /** No dialog is left, or none came about. `status` is the final response to our INVITE, 0 when none came. */
  ended?(how: 'failed' | 'cancelled' | 'byUs' | 'byThem' | 'noAck', status: number): void;
}

export type UaCallState = 'Calling' | 'Ringing' | 'Answered' | 'Connected' | 'Ended';

const T1_MS = 500;
const T2_MS = 4_000;
const NO_ACK_MS = 64 * T1_MS;

/** One call of a user agent: its INVITE, its dialog, its end. */
export class UaCall {
  state: UaCallState;
  user: CallUser = {};
  dialog: Dialog | undefined;
  /** Our INVITE. */
  client: ClientTransaction | undefined;
  invite: SipRequest;
  /** Theirs. */
  server: ServerTransaction | undefined;
  cancelled = false;
  /** Of 2xx without an ACK, by CSeq. */
  readonly repeats = new Map<number, Timer>();

  constructor(readonly ua: UserAgent, readonly incoming: boolean, invite: SipRequest) {
    this.invite = invite;
    this.state = incoming ? 'Ringing' : 'Calling';
  }

  get live(): boolean {
    return this.state !== 'Ended';
  }

  ring(): void {
    if (this.state === 'Ringing') this.ua.respond(this, 180);
  }

  answer(): void {
    if (this.state === 'Ringing') this.ua.accept(this);
  }

  reject(status: number): void {
    if (this.state === 'Ringing') this.ua.refuse(this, status);
  }

  /** CANCEL, BYE or a refusal, whichever fits. `hasty`: like phones that do not wait for the ACK (against RFC 3261 §15). */
  hangUp(hasty = false): void {
    this.ua.hangUp(this, hasty);
  }
}

export class UserAgent {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly entropy: SeededEntropy;
  readonly calls = new Set<UaCall>();
  /** INVITEs and BYEs of ours without an outcome, and INVITEs of others without our final answer. */
  pendingInvites = 0;
  /** An INVITE came. */
  onCall: (call: UaCall) => void = (call) => call.reject(486);
  onOptions: () => number = () => 200;
  /** A request of ours got no final response at all. */
  onUnanswered: (method: string, sentMs: number) => void = () => {};
  readonly #byDialog = new Map<string, UaCall>();
  #sent = 0;
  #proxies: readonly Target[];
  #first: number;

  constructor(ports: SimPorts, readonly options: UserAgentOptions) {
    const { host, port } = options;
    const transport = ports.sip.listen(ports.node, [{ transport: 'udp', host, port }, { transport: 'tcp', host, port }], reader);
    this.clock = ports.clock;
    this.entropy = ports.entropy;
    this.layer = new TransactionLayer({ ...ports, transport });
    this.layer.onRequest = (request, transaction) => this.#onRequest(request, transaction);
    this.layer.onAck = (ack) => this.#onAck(ack);
    this.layer.onCancel = (_cancel, invite) => this.#onCancel(invite);
    this.#proxies = options.proxies;
    this.#first = ports.entropy.between(0, options.proxies.length - 1);
  }

  get contact(): string {
    const { user, host, port } = this.options;
    return `<sip:${user}@${host}:${port}>`;
  }

  get liveCalls(): UaCall[] {
    return [...this.calls].filter((call) => call.live);
  }

  /** The access point's name leads elsewhere from now on. */
  use(proxies: readonly Target[]): void {
    this.#proxies = proxies;
  }

  close(): void {
    for (const call of this.calls) stopRepeating(call);
    this.layer.close();
  }

  // ---- requests outside dialogs

  /** Sends it to the access point, with credentials when they are asked for, by another proxy when one fails. */
  request(method: string, to: string, headers: readonly HeaderLine[], done: (response: SipResponse | undefined) => void): void {
    const start = this.#opening(method, to, headers);
    this.#attempt({ ...start, method, done, authorised: false, attempts: 0, onResponse: undefined });
  }

  call(dialled: string, user: CallUser, body = this.sdp()): UaCall {
    const start = this.#opening('INVITE', dialled, [['Contact', this.contact]]);
    const call = new UaCall(this, false, this.#make('INVITE', start, 1, body));
    call.user = user;
    this.calls.add(call);
    this.#attempt({
      ...start, method: 'INVITE', body, call, authorised: false, attempts: 0,
      onResponse: (response, request) => this.#onInviteResponse(call, response, request),
      done: (response) => this.#inviteOver(call, response),
    });
    return call;
  }

  sdp(): string {
    const { host, user } = this.options;
    return `v=0\r\no=${user} 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8\r\n`;
  }

  #opening(method: string, to: string, headers: readonly HeaderLine[]): Opening {
    this.#sent += 1;
    const { user, accessPoint } = this.options;
    return {
      uri: method === 'REGISTER' ? `sip:${accessPoint}` : `sip:${to}@${accessPoint}`,
      headers: [
        ['Max-Forwards', '70'], ['From', `<sip:${user}@${accessPoint}>;tag=${this.entropy.hex(8)}`], ['To', `<sip:${to}@${accessPoint}>`],
        ['Call-ID', `${user}-${this.#sent}-${this.entropy.hex(8)}`], ...headers,
      ],
    };
  }

  #make(method: string, { uri, headers }: Opening, seq: number, body?: string): SipRequest {
    return makeRequest({
      method, uri, headers: [...headers, ['CSeq', `${seq} ${method}`]], ...(body === undefined ? {} : { contentType: 'application/sdp', body }),
    });
  }

  #attempt(sending: Sending): void {
    const { method, call } = sending;
    const seq = sending.seq ?? 1;
    const request = this.#make(method, sending, seq, sending.body);
    const target = this.#proxies[(this.#first + sending.attempts) % this.#proxies.length] as Target;
    if (call !== undefined) call.invite = request;
    const counts = method === 'INVITE' ? 1 : 0;
    this.pendingInvites += counts;
    const sentMs = this.clock.nowMs();
    let open = true;
    const over = (): boolean => {
      const was = open;
      if (open) this.pendingInvites -= counts;
      open = false;
      return was;
    };
    const client = this.layer.request(request, target, {
      onResponse: (response) => {
        if (response.status < 200) return sending.onResponse?.(response, request);
        const first = over();
        if (response.status < 300) sending.onResponse?.(response, request);
        if (first) this.#final(sending, response, seq);
      },
      onFailure: () => {
        if (!over()) return;
        if (method !== 'REGISTER') this.onUnanswered(method, sentMs);
        this.#first = (this.#first + 1) % this.#proxies.length;
        if (call?.cancelled === true || sending.attempts + 1 >= this.#proxies.length) sending.done(undefined);
        else this.#attempt({ ...sending, seq, attempts: sending.attempts + 1 });
      },
    }, method === 'REGISTER' ? { timeoutMs: 8_000 } : {});
    if (call !== undefined) call.client = client;
  }

  #final(sending: Sending, response: SipResponse, seq: number): void {
    const challenge = challengeOf(response);
    const isStale = /stale=true/i.test(challenge ?? '');
    if (challenge === undefined || (sending.authorised && !isStale) || sending.call?.cancelled === true) return sending.done(response);
    const name = response.status === 401 ? 'Authorization' : 'Proxy-Authorization';
    const headers = sending.headers.filter(([header]) => header !== name);
    const credentials = this.#credentials(challenge, sending.method, sending.uri);
    if (credentials === undefined) return sending.done(response);
    this.#attempt({ ...sending, headers: [...headers, [name, credentials]], authorised: true, seq: seq + 1, attempts: 0 });
  }

  #credentials(challenge: string, method: string, uri: string): string | undefined {
    const parameters = parseDigestParameters(challenge);
    const { user: username, password } = this.options;
    const realm = parameters?.get('realm');
    const nonce = parameters?.get('nonce');
    if (password === undefined || realm === undefined || nonce === undefined) return undefined;
    const cnonce = this.entropy.hex(8);
    const credentials = { username, realm, nonce, uri, algorithm: 'MD5', qop: 'auth', nc: '00000001', cnonce } as const;
    return `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=MD5, qop=auth, nc=00000001, `
      + `cnonce="${cnonce}", response="${digestResponse(credentials, method, password)}"`;
  }

  // ---- our INVITE

  #onInviteResponse(call: UaCall, response: SipResponse, request: SipRequest): void {
    if (response.status < 200) {
      if (response.status > 100 && call.state === 'Calling') {
        call.state = 'Ringing';
        call.user.rung?.();
      }
      return;
    }
    const dialog = dialogFromResponse(request, response);
    const known = call.dialog;
    if (known !== undefined && dialogId(known) === dialogId(dialog)) return this.#ack(known, request);
    this.#ack(dialog, request);
    if (known !== undefined || call.cancelled) return this.#bye(dialog, () => {
      if (known === undefined) this.#end(call, 'cancelled', response.status);
    });
    call.dialog = dialog;
    this.#byDialog.set(dialogId(dialog), call);
    call.state = 'Connected';
    call.user.connected?.();
  }

  #inviteOver(call: UaCall, response: SipResponse | undefined): void {
    if (response !== undefined && response.status < 300) return;
    this.#end(call, call.cancelled ? 'cancelled' : 'failed', response?.status ?? 0);
  }

  #ack(dialog: Dialog, invite: SipRequest): void {
    const ack = makeAck(dialog, invite.cseq.seq);
    const to = this.#nextHop(dialog);
    this.layer.send(ack.edit().prepend('Via', this.layer.viaFor(to)).serialize(), to);
  }

  // ---- their INVITE

  respond(call: UaCall, status: number): void {
    call.server?.respond(makeResponse(call.invite, status, undefined, {
      toTag: call.dialog?.localTag ?? '', headers: status < 300 ? [['Contact', this.contact]] : [],
    }));
  }

  accept(call: UaCall): void {
    const { dialog, server } = call;
    if (dialog === undefined || server === undefined) return;
    confirm(dialog);
    call.state = 'Answered';
    const response = makeResponse(call.invite, 200, undefined, {
      toTag: dialog.localTag, headers: [['Contact', this.contact]], contentType: 'application/sdp', body: this.sdp(),
    });
    this.pendingInvites -= 1;
    this.#repeatUntilAcked(call, server, response, T1_MS, this.clock.nowMs() + NO_ACK_MS);
  }

  /** RFC 3261 §13.3.1.4, of the first INVITE and of later ones. */
  #repeatUntilAcked(call: UaCall, server: ServerTransaction, response: SipResponse, waitMs: number, untilMs: number): void {
    if (!call.live) return;
    if (this.clock.nowMs() >= untilMs) {
      this.#bye(call.dialog as Dialog, () => {});
      return this.#end(call, 'noAck', 200);
    }
    server.respond(response);
    const again = (): void => this.#repeatUntilAcked(call, server, response, Math.min(waitMs * 2, T2_MS), untilMs);
    call.repeats.set(response.cseq.seq, this.clock.setTimer(waitMs, again));
  }

  refuse(call: UaCall, status: number): void {
    this.respond(call, status);
    this.pendingInvites -= 1;
    this.#end(call, 'failed', status);
  }

  #onRequest(request: SipRequest, transaction: ServerTransaction): void {
    if (request.to.tag !== undefined) return this.#inDialog(request, transaction);
    switch (request.method) {
      case 'INVITE': return this.#onInvite(request, transaction);
      case 'OPTIONS': return transaction.respond(makeResponse(request, this.onOptions(), undefined, { toTag: this.entropy.hex(8) }));
      case 'CANCEL': return transaction.respond(makeResponse(request, 481, undefined, { toTag: this.entropy.hex(8) }));
      default: return transaction.respond(makeResponse(request, 405, undefined, { toTag: this.entropy.hex(8) }));
    }
  }

  #onInvite(request: SipRequest, transaction: ServerTransaction): void {
    // §8.2.2.2: the same request by another way.
    const merged = [...this.calls].some((other) => other.incoming && other.invite.callId === request.callId
      && other.invite.from.tag === request.from.tag && other.invite.cseq.seq === request.cseq.seq && other.live);
    if (merged) return transaction.respond(makeResponse(request, 482, undefined, { toTag: this.entropy.hex(8) }));
    const call = new UaCall(this, true, request);
    call.server = transaction;
    call.dialog = dialogFromInvite(request, this.entropy.hex(8));
    this.calls.add(call);
    this.#byDialog.set(dialogId(call.dialog), call);
    this.pendingInvites += 1;
    this.onCall(call);
  }

  #onCancel(invite: ServerTransaction): void {
    const call = [...this.calls].find((each) => each.server === invite);
    if (call?.state !== 'Ringing') return;
    this.respond(call, 487);
    this.pendingInvites -= 1;
    this.#end(call, 'byThem', 487);
  }

  // ---- in a dialog

  #onAck(ack: SipRequest): void {
    const call = this.#byDialog.get(dialogIdOf(ack));
    const { seq } = ack.cseq;
    call?.repeats.get(seq)?.cancel();
    call?.repeats.delete(seq);
    if (call?.state !== 'Answered' || seq !== call.invite.cseq.seq) return;
    call.state = 'Connected';
    call.user.connected?.();
    if (call.cancelled) this.hangUp(call);
  }

  #inDialog(request: SipRequest, transaction: ServerTransaction): void {
    const call = this.#byDialog.get(dialogIdOf(request));
    const answer = (status: number, body?: string): void => transaction.respond(makeResponse(request, status, undefined, {
      ...(body === undefined ? {} : { contentType: 'application/sdp', body }),
    }));
    if (call?.dialog === undefined || !call.live) return answer(481);
    const verdict = onDialogRequest(call.dialog, request);
    if (verdict.kind === 'refuse') return answer(verdict.status);
    switch (request.method) {
      case 'BYE':
        answer(200);
        return this.#end(call, 'byThem', 200);
      case 'INVITE': return this.#reanswer(call, request, transaction);
      case 'UPDATE': return answer(200, this.sdp());
      case 'NOTIFY':
        answer(200);
        if (request.header('Event') === 'talk') call.answer();
        return;
      default: return answer(200);
    }
  }

  #reanswer(call: UaCall, request: SipRequest, transaction: ServerTransaction): void {
    const response = makeResponse(request, 200, undefined, {
      headers: [['Contact', this.contact]], contentType: 'application/sdp', body: this.sdp(),
    });
    this.#repeatUntilAcked(call, transaction, response, T1_MS, this.clock.nowMs() + NO_ACK_MS);
  }

  hangUp(call: UaCall, hasty = false): void {
    switch (call.state) {
      case 'Calling':
      case 'Ringing':
        if (call.incoming) return call.reject(480);
        if (call.cancelled) return;
        call.cancelled = true;
        return call.client?.cancel();
      // §15: a UAS waits for the ACK.
      case 'Answered':
        call.cancelled = true;
        if (!hasty) return;
        this.#bye(call.dialog as Dialog, () => {});
        return this.#end(call, 'byUs', 0);
      case 'Connected':
        this.#bye(call.dialog as Dialog, () => {});
        return this.#end(call, 'byUs', 0);
      case 'Ended': return;
    }
  }

  #bye(dialog: Dialog, done: () => void): void {
    const request = makeInDialogRequest(dialog, 'BYE');
    this.pendingInvites += 1;
    const sentMs = this.clock.nowMs();
    let open = true;
    const over = (): void => {
      if (!open) return;
      open = false;
      this.pendingInvites -= 1;
      done();
    };
    this.layer.request(request, this.#nextHop(dialog), {
      onResponse: (response) => {
        if (response.status < 200) return;
        onDialogResponse(dialog, response);
        over();
      },
      onFailure: () => {
        if (open) this.onUnanswered('BYE', sentMs);
        over();
      },
    });
  }

  #end(call: UaCall, how: Parameters<Required<CallUser>['ended']>[0], status: number): void {
    if (!call.live) return;
    call.state = 'Ended';
    stopRepeating(call);
    this.calls.delete(call);
    if (call.dialog !== undefined) this.#byDialog.delete(dialogId(call.dialog));
    call.user.ended?.(how, status);
  }

  /** A name of ours leads to any proxy; an address to itself. */
  #nextHop(dialog: Dialog): Target {
    const uri = parseUri(dialogNextHop(dialog).replace(/^.*<|>.*$/g, ''));
    const host = uri.ok ? uri.value.host : '';
    if (literalAddress(host) !== undefined && uri.ok) return { transport: 'udp', host, port: uri.value.port ?? 5060 };
    return this.entropy.pick(this.#proxies);
  }
}

function stopRepeating(call: UaCall): void {
  for (const timer of call.repeats.values()) timer.cancel();
}

function challengeOf(response: SipResponse): string | undefined {
  switch (response.status) {
    case 401: return response.header('WWW-Authenticate');
    case 407: return response.header('Proxy-Authenticate');
    default: return undefined;
  }
}

interface Opening {
  readonly uri: string;
  readonly headers: readonly HeaderLine[];
}

interface Sending extends Opening {
  readonly method: string;
  readonly body?: string;
  readonly call?: UaCall;
  readonly seq?: number;
  readonly attempts: number;
  readonly authorised: boolean;
  readonly onResponse: ((response: SipResponse, request: SipRequest) => void) | undefined;
  readonly done: (response: SipResponse | undefined) => void;
}
