/**
 * Which addresses a provider may have. Whoever can change its name server, or the configuration, must not be able to have
 * the hub ask services that trust its network: those of this machine, of the private network, and the one at
 * 169.254.169.254 where clouds keep credentials.
 */
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { FeedFailure } from './feed-failure.ts';

export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void;

const resolveAll: Resolve = (hostname, done) => lookup(hostname, { all: true }, done);

/**
 * All public addresses of IPv6 there are (RFC 4291, 2.4). What else ipaddr.js has no name for it calls unicast, such as
 * IPv4 addresses in their old form in IPv6, `::7f00:1`.
 */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

export class Addresses {
  readonly #allowed: ReturnType<typeof ipaddr.parseCIDR>[];
  readonly #resolve: Resolve;

  /** @param allowed networks (CIDR) that may be asked although they are not public */
  constructor(allowed: readonly string[], resolve: Resolve = resolveAll) {
    this.#allowed = allowed.map((network) => ipaddr.parseCIDR(network));
    this.#resolve = resolve;
  }

  /** Throws `address-refused`. A name passes, it is looked at when it is resolved; but for one that is always loopback. */
  checkHost(hostname: string): void {
    const literal = hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0) this.#check(literal);
    // RFC 6761, 6.3.
    else if (/(^|\.)localhost\.?$/i.test(hostname)) this.#check('127.0.0.1');
  }

  /**
   * For `net.connect`, which connects to exactly what comes out of here. So a name that is something else when it is asked
   * a second time (DNS rebinding) gains nothing: it is asked once for each connection.
   */
  readonly lookup: LookupFunction = (hostname, options, done) => {
    this.#resolve(hostname, (error, addresses) => {
      if (error) return done(error, '', 0);
      try {
        // All of them: a name that has a private address beside a public one is up to something.
        for (const { address } of addresses) this.#check(address);
      } catch (refusal) {
        return done(refusal as NodeJS.ErrnoException, '', 0);
      }
      const [first] = addresses;
      if (!first) return done(new FeedFailure('connection', 'the name has no address'), '', 0);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };

  #check(address: string): void {
    // Mapped to IPv6, an IPv4 address is still what it is.
    const parsed = ipaddr.process(address);
    const isGlobal = parsed.kind() === 'ipv4' || parsed.match(globalUnicast);
    const range = parsed.range();
    if (range === 'unicast' && isGlobal) return;
    const isAllowed = this.#allowed.some(
      (network) => network[0].kind() === parsed.kind() && parsed.match(network),
    );
    const kind = range === 'unicast' ? 'not public' : range;
    if (!isAllowed) throw new FeedFailure('address-refused', `the address ${address} is ${kind}`);
  }
}

/** Whether it is a network in CIDR notation. */
export const isNetwork = (text: string): boolean => ipaddr.isValidCIDR(text);
