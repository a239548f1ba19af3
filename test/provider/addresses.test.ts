import { describe, expect, test } from 'vitest';
import { Addresses, type Resolve } from '../../src/provider/addresses.ts';
import { expectFailure } from './support.ts';

/** Asks as `net.connect` does. */
function lookUp(addresses: Addresses, all = true): Promise<unknown> {
  return new Promise((resolve, reject) => {
    addresses.lookup('provider.example', { all }, (error, found) => (error ? reject(error) : resolve(found)));
  });
}
const resolvingTo =
  (...addresses: string[]): Resolve =>
  (_hostname, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const refused = [
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fd00:ec2::254',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '::7f00:1',
  '::127.0.0.1',
  '::a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a9fe:a9fe',
  '4000::1',
  '2002:7f00:1::',
  '2001::1',
];

describe('[PROV-7] an address that is not public is refused', () => {
  test.each(refused)('%s, as a name resolves to it', async (address) => {
    const addresses = new Addresses([], resolvingTo(address));
    await expectFailure(() => lookUp(addresses), 'address-refused');
    await expectFailure(() => lookUp(addresses, false), 'address-refused');
  });

  test.each(refused)('%s, as it stands in the URL', async (address) => {
    const { hostname } = new URL(address.includes(':') ? `http://[${address}]/` : `http://${address}/`);
    await expectFailure(() => new Addresses([]).checkHost(hostname), 'address-refused');
  });

  test.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://①②⑦.0.0.1/',
  ])('%s, which is one of them', async (url) => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
    await expectFailure(() => new Addresses([]).checkHost(new URL(url).hostname), 'address-refused');
  });

  test.each(['localhost', 'LOCALHOST.', 'any.localhost'])('%s, which is never another', async (hostname) => {
    await expectFailure(() => new Addresses([]).checkHost(hostname), 'address-refused');
    expect(() => new Addresses(['127.0.0.0/8']).checkHost(hostname)).not.toThrow();
    expect(() => new Addresses([]).checkHost('localhost.example')).not.toThrow();
  });

  test('beside a public one as well', async () => {
    const addresses = new Addresses([], resolvingTo('93.184.215.14', '10.0.0.1'));
    await expectFailure(() => lookUp(addresses), 'address-refused');
  });
});

test('[PROV-7] public addresses and allowed networks pass', async () => {
  const both = resolvingTo('93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c');
  expect(await lookUp(new Addresses([], both))).toEqual([
    { address: '93.184.215.14', family: 4 },
    { address: '2606:2800:21f:cb07:6820:80da:af6b:8b2c', family: 6 },
  ]);
  expect(await lookUp(new Addresses([], both), false)).toBe('93.184.215.14');
  const allowed = new Addresses(['10.1.0.0/16', 'fd00::/8'], resolvingTo('10.1.2.3', 'fd12::1'));
  expect(await lookUp(allowed)).toHaveLength(2);
  await expectFailure(
    () => lookUp(new Addresses(['10.1.0.0/16'], resolvingTo('10.2.0.1'))),
    'address-refused',
  );
});

test('a name without an address, or that cannot be resolved, is an error of the connection', async () => {
  await expectFailure(() => lookUp(new Addresses([], resolvingTo())), 'connection');
  const failing: Resolve = (_hostname, done) => done(new Error('ENOTFOUND'), []);
  await expect(lookUp(new Addresses([], failing))).rejects.toThrow('ENOTFOUND');
});
