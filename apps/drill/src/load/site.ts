/** One data centre as phones and its carrier see it: everything is found by the SRV name, at that data centre's own name server. */
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { SipResolver } from '#sip';
import { NameserverLookup, SocketTransport } from '#sip/transport';
import { ANY_USER, type Call, type Phone, type Route, Softphones } from '#softphone';
import type { Seat } from '../machines/cast.js';
import type { DataCentre } from '../machines/stage.js';

/** Time to pick up: a person's would only make the drill longer. */
const ANSWER_MS = 30;
const REGISTRATION_S = 120;
/** The golden ratio: phones that registered one after the other refresh at times that lie far apart, as those of a site do. */
const APART = 0.618;
const CALLS_MAX = 100_000;
/** A server that did not answer is tried last for so long, unless a probe finds it well before. */
const AVOID_MS = 10_000;

export class Site {
  private constructor(
    readonly dataCentre: DataCentre, private readonly accessPoint: string, readonly phones: Softphones, private readonly lines: Softphones,
    private readonly resolver: SipResolver, readonly carrier: Phone,
  ) {}

  /** @throws Error when the address where the trunk leads is not on this machine */
  static async open(dataCentre: DataCentre, accessPoint: string): Promise<Site> {
    const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
    const dns = new NameserverLookup({ servers: dataCentre.nameservers }, ports);
    const resolver = new SipResolver({ ...ports, dns }, { avoidMs: AVOID_MS });
    const route: Route = (uri, done) => resolver.resolve(uri, (targets) => done(targets));
    const { host, port } = dataCentre.carrier;
    const open = async (at: number): Promise<Softphones> => {
      const transport = await SocketTransport.listen({ listen: [{ transport: 'udp', host, port: at }] }, ports);
      return new Softphones({ ...ports, transport, route });
    };
    const lines = await open(port).catch((error: Error) => {
      throw new Error(`the carrier of ${dataCentre.name} must be played at ${host}:${port}, where its trunk leads: ${error.message}`);
    });
    const carrier = lines.add({ user: ANY_USER, domain: accessPoint, callsMax: CALLS_MAX });
    return new Site(dataCentre, accessPoint, await open(0), lines, resolver, carrier);
  }

  /** A phone that picks up at once. Resolves when it is registered. @throws Error */
  async register({ dn, password }: Seat): Promise<Phone> {
    const phone = this.phones.add({
      user: dn, domain: this.accessPoint, password, expiresS: REGISTRATION_S, refreshShare: refreshShare(dn), plan: () => ({ ringMs: 0, answerMs: ANSWER_MS }),
    });
    const status = await phone.register();
    if (status !== 200) throw new Error(`phone ${dn} was not registered in ${this.dataCentre.name}: ${status}`);
    return phone;
  }

  /** By the SRV name, as the carrier does. */
  dial(point: string, from: string): Call {
    return this.carrier.call(point, from);
  }

  /** Through that proxy and no other. */
  dialThrough(proxy: { readonly host: string; readonly port: number }, point: string, from: string): Call {
    return this.carrier.call(`sip:${point}@${proxy.host}:${proxy.port}`, from);
  }

  /** What a border controller learns by its checks: all of the site's phones avoid a proxy that does not answer. */
  proxyAnswers({ host, port }: { readonly host: string; readonly port: number }, answers: boolean): void {
    const target = { transport: 'udp', host, port } as const;
    if (answers) this.resolver.targetWorked(target);
    else this.resolver.targetFailed(target);
  }

  async close(): Promise<void> {
    await this.phones.close();
    await this.lines.close();
  }
}

/** Between a quarter and half of what was granted. */
const refreshShare = (dn: string): number => 0.25 + 0.25 * ((Number(dn) * APART) % 1);
