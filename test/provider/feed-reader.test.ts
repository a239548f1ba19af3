import { describe, expect, test } from 'vitest';
import { demoFeeds } from '../../src/demo/demo-provider.ts';
import { readFeed } from '../../src/provider/feed-reader.ts';
import { entry, expectFailure, feedOf, limitsOf } from './support.ts';

const read = (xml: string | Uint8Array, limits = {}) =>
  readFeed(typeof xml === 'string' ? Buffer.from(xml) : xml, limitsOf(limits));
const [first = ''] = demoFeeds;

describe('a feed', () => {
  test('[PROV-2] the same event id under two base ids is two events, and ids stay text', () => {
    const { entries } = read(
      feedOf(
        entry({ baseId: '1591', id: '1642' }),
        entry({ baseId: '444', id: '1642' }),
        entry({ baseId: '00012', id: '7' }),
        entry({ baseId: '12', id: '7' }),
        entry({ baseId: '0x1F', id: '1e3' }),
      ),
    );
    expect(entries.map(({ baseId, entryId }) => [baseId, entryId])).toEqual([
      ['1591', '1642'],
      ['444', '1642'],
      ['00012', '7'],
      ['12', '7'],
      ['0x1F', '1e3'],
    ]);
    // UUIDs of version 5, made elsewhere from the same names.
    expect(entries.slice(0, 4).map(({ id }) => id)).toEqual([
      'cab66e9f-56d7-5fb7-941a-acd19117743f',
      '381fa0b8-71b6-5d32-8fae-1bb84473cdab',
      '9c22807b-6e4e-5132-9f84-5b21827857f1',
      '2c011e25-45d7-5119-ac60-0bdedce820c2',
    ]);
  });

  test('names its entries events or plans', () => {
    const plans = feedOf(entry()).replaceAll('eventList', 'planList').replaceAll('event', 'plan');
    expect(plans).toContain('base_plan_id="1"');
    expect(read(plans).entries).toEqual(read(feedOf(entry())).entries);
    expect(read(plans).entries).toHaveLength(1);
  });

  test('folds the prices of all zones in whole cents, sold out or not', () => {
    const zone = (price: string, capacity = '1') =>
      `<zone zone_id="186" capacity="${capacity}" price="${price}"/>`;
    const of = (...prices: string[]) => {
      const [found] = read(feedOf(entry({ zones: prices.map((price) => zone(price)).join('') }))).entries;
      return [found?.minCents, found?.maxCents];
    };
    expect(of('75.00', '65.00')).toEqual([6500, 7500]);
    expect(of('0.10', '0.2', '0', '0.30')).toEqual([0, 30]);
    // 1.1 * 100 is not 110 in floating point, nor 4.35 * 100 435.
    expect(of('1.10', '4.35')).toEqual([110, 435]);
    expect(of('9.990000')).toEqual([999, 999]);
    expect(of()).toEqual([null, null]);
    const [soldOut] = read(feedOf(entry({ zones: zone('75.00', '0') + zone('65.00', '14') }))).entries;
    expect([soldOut?.minCents, soldOut?.maxCents]).toEqual([6500, 7500]);
  });

  test('passes over what it does not know, and what stands elsewhere', () => {
    const strange = `<news><event event_id="9"/></news><base_event base_event_id="2"><extra><event event_id="8"/></extra></base_event>`;
    const { entries, counts } = read(
      feedOf(strange, entry()).replace('</eventList>', '<event/></eventList>'),
    );
    expect(entries.map(({ entryId }) => entryId)).toEqual(['1']);
    expect(counts).toEqual({ bases: 2, entries: 1, online: 1, spoiled: 0 });
  });

  test('says its encoding, or is UTF-8', async () => {
    const title = (xml: string | Uint8Array) => read(xml).entries[0]?.title;
    expect(title(feedOf(entry({ title: 'Café – niño €' })))).toBe('Café – niño €');
    expect(title(`\uFEFF${feedOf(entry({ title: 'ñ' }))}`)).toBe('ñ');
    const latin = feedOf(entry({ title: 'Niño' })).replace('UTF-8', 'ISO-8859-1');
    expect(title(Buffer.from(latin, 'latin1'))).toBe('Niño');
    await expectFailure(() => read(Buffer.from(latin.replace('ISO-8859-1', 'UTF-8'), 'latin1')), 'encoding');
    await expectFailure(() => read(latin.replace('ISO-8859-1', 'UTF-7')), 'encoding');
    await expectFailure(() => read(Buffer.from(`\uFEFF${latin}`, 'utf16le')), 'encoding');
  });

  test('is read in slices, wherever a character or a name is cut', () => {
    // More than one slice, with characters of two, three and four bytes at all places.
    const many = Array.from({ length: 3000 }, (_, i) =>
      entry({ id: String(i), title: `é€😀${'x'.repeat(i % 7)}` }),
    );
    const { entries } = read(feedOf(...many));
    expect(entries.every(({ title }, i) => title === `é€😀${'x'.repeat(i % 7)}`)).toBe(true);
    expect(entries).toHaveLength(3000);
  });
});

describe('[PROV-4] an entry that cannot be used is listed, and the others are read', () => {
  const faults: [string, string, RegExp][] = [
    [
      'a day that there is not',
      entry({ id: 'x', start: '2021-09-31T20:00:00' }),
      /2021-09-31T20:00:00.*no date/,
    ],
    ['a leap day too many', entry({ id: 'x', end: '2031-02-29T20:00:00' }), /no date/],
    ['an hour that there is not', entry({ id: 'x', start: '2030-05-01T24:00:00' }), /no date/],
    ['a time with a zone', entry({ id: 'x', start: '2030-05-01T20:00:00Z' }), /no date/],
    ['an end before the start', entry({ id: 'x', end: '2030-05-01T19:59:59' }), /ends before it starts/],
    ['no title', entry({ id: 'x', title: ' ' }), /title/],
    ['a long title', entry({ id: 'x', title: 'x'.repeat(501) }), /title/],
    ['no id', entry({ id: '' }), /no id/],
    ['a long id', entry({ id: 'x'.repeat(101) }), /no id/],
    ['a negative price', entry({ id: 'x', zones: '<zone price="-1.00"/>' }), /price "-1.00"/],
    ['a price in parts of cents', entry({ id: 'x', zones: '<zone price="1.005"/>' }), /price "1.005"/],
    ['a price with a comma', entry({ id: 'x', zones: '<zone price="1,50"/>' }), /price "1,50"/],
    ['a huge price', entry({ id: 'x', zones: '<zone price="99999999"/>' }), /price/],
    ['no price', entry({ id: 'x', zones: '<zone zone_id="1"/>' }), /price ""/],
    ['the same again', entry(), /twice/],
  ];
  test.each(faults)('%s', (_what, fault, reason) => {
    const { entries, spoiled, counts } = read(feedOf(entry(), fault, entry({ id: '2' })));
    expect(entries.map(({ entryId }) => entryId)).toEqual(['1', '2']);
    expect(spoiled).toEqual([expect.objectContaining({ reason: expect.stringMatching(reason) })]);
    expect(counts).toMatchObject({ entries: 3, spoiled: 1 });
  });

  test('the online one of two is the one', () => {
    const { entries } = read(feedOf(entry({ mode: 'offline', title: 'Off' }), entry({ title: 'On' })));
    expect(entries.map(({ title }) => title)).toEqual(['On']);
  });

  test('a hundred are shown, all are counted', () => {
    const { spoiled, counts } = read(
      feedOf(...Array.from({ length: 150 }, (_, i) => entry({ id: `${i}`, start: 'soon' }))),
    );
    expect([spoiled.length, counts.spoiled]).toEqual([100, 150]);
  });
});

describe('[PROV-5] what is no whole feed is none', () => {
  test('wherever it is cut off', async () => {
    const bytes = Buffer.from(first.trimEnd());
    for (let length = 0; length < bytes.length; length += 7) {
      await expectFailure(() => read(bytes.subarray(0, length)), 'malformed');
    }
    await expectFailure(() => read(bytes.subarray(0, bytes.length - 1)), 'malformed');
    expect(read(bytes).entries).toHaveLength(2);
  });

  test.each([
    ['nothing', '', 'malformed'],
    ['JSON', '{"events":[]}', 'malformed'],
    ['a second root', `${first}${first.slice(first.indexOf('<eventList'))}`, 'malformed'],
    ['junk behind it', `${first}junk`, 'malformed'],
    ['an attribute without quotes', feedOf('<base_event base_event_id=1/>'), 'malformed'],
    ['an attribute twice', feedOf('<base_event a="1" a="2"/>'), 'malformed'],
    ['an unknown entity', feedOf(entry({ title: '&nbsp;' })), 'malformed'],
    ['what every object has', feedOf(entry({ title: '&constructor;' })), 'malformed'],
    ['a character that XML has not', feedOf(entry({ title: '&#0;' })), 'malformed'],
    ['half of a surrogate pair', feedOf(entry({ title: '&#xD800;' })), 'malformed'],
    ['a page', '<html><body>Sorry</body></html>', 'not-a-feed'],
    ['a feed of something else', '<rss><channel/></rss>', 'not-a-feed'],
    ['a feed without an output', '<eventList><error>no</error></eventList>', 'not-a-feed'],
  ] as const)('%s', async (_what, xml, code) => {
    await expectFailure(() => read(xml), code);
  });
});

describe('[PROV-6] a hostile feed is refused', () => {
  const withType = (type: string, title = 'x') =>
    feedOf(entry({ title })).replace('<eventList', `${type}<eventList`);

  test.each([
    ['an external entity', withType('<!DOCTYPE eventList [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '&x;')],
    ['an external document type', withType('<!DOCTYPE eventList SYSTEM "http://127.0.0.1/evil.dtd">')],
    ['a parameter entity', withType('<!DOCTYPE eventList [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]>')],
    [
      'a billion laughs',
      withType(
        `<!DOCTYPE lolz [<!ENTITY l0 "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]>`,
        '&l9;',
      ),
    ],
    [
      'a quadratic blow-up',
      withType(`<!DOCTYPE e [<!ENTITY a "${'a'.repeat(50_000)}">]>`, '&a;'.repeat(500)),
    ],
    ['a document type and nothing in it', withType('<!DOCTYPE eventList>')],
  ])('%s', async (_what, xml) => {
    await expectFailure(() => read(xml), 'forbidden');
  });

  test('a million numeric references are text, and too long for an attribute', async () => {
    const references = '&#65;'.repeat(1_000_000);
    const { entries } = read(feedOf(`<news>${references}</news>`, entry({ title: '&#65;&#x42;' })));
    expect(entries.map(({ title }) => title)).toEqual(['AB']);
    await expectFailure(() => read(feedOf(entry({ title: references }))), 'limits');
  });

  test('names that every object knows are names like others', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const elements = names.map((name) => `<${name} ${name}="1"><event event_id="9"/></${name}>`).join('');
    const attributes = names.map((name) => `${name}="evil"`).join(' ');
    const evil = entry({ baseId: '__proto__', id: 'constructor' }).replace(
      '<event ',
      `<event ${attributes} `,
    );
    const { entries, counts } = read(feedOf(elements, evil));
    expect(entries).toMatchObject([{ baseId: '__proto__', entryId: 'constructor' }]);
    expect(counts).toEqual({ bases: 1, entries: 1, online: 1, spoiled: 0 });
    expect(({} as Record<string, unknown>).evil).toBeUndefined();
  });

  test('too deep, too many, too long', async () => {
    const deep = '<a>'.repeat(100_000);
    await expectFailure(() => read(feedOf(deep)), 'limits');
    const events = '<event event_id="1"/>'.repeat(101);
    const many = feedOf(`<base_event base_event_id="1">${events}</base_event>`);
    await expectFailure(() => read(many, { entries: 100 }), 'limits');
    expect(read(many, { entries: 101 }).counts.entries).toBe(101);
    await expectFailure(() => read(feedOf(entry({ title: 'x'.repeat(4001) }))), 'limits');
    const attributes = Array.from({ length: 65 }, (_, i) => `a${i}="1"`).join(' ');
    await expectFailure(() => read(feedOf(`<news ${attributes}/>`)), 'limits');
  });
});
