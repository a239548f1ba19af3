import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SEATS, PlanError, parsePlan } from '../../src/seating/plan.ts';
import { planForClients, planFromWire } from '../../src/seating/plan-wire.ts';

const demo = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../src/demo/plans/${file}.json`, import.meta.url), 'utf8'));
const demoFiles = [
  ['riethsporthalle-erfurt', 1222],
  ['concert-hall', 1941],
  ['studio-theatre', 140],
] as const;

/** Two zones, three rows, five seats; each test changes one thing of a copy. */
function small() {
  const seat = (guid: string, number: string, x: number, category = 'Stalls') => ({
    seat_guid: guid,
    seat_number: number,
    position: { x, y: 0 },
    category,
  });
  const stage = {
    color: '#222',
    width: 50,
    height: 20,
    position: { x: -10, y: -30 },
    rotation: 90,
    text: 'Stage',
  };
  return {
    name: 'Small hall',
    size: { width: 400, height: 300 },
    categories: [
      { name: 'Stalls', color: '#2f6b8f' },
      { name: 'Box', color: '#8F2F6B80' },
    ],
    zones: [
      {
        name: 'Floor',
        position: { x: 100, y: 50 },
        rows: [
          {
            row_number: '1',
            position: { x: 5, y: 10 },
            seats: [seat('F-1-1', '1', 0), seat('F-1-2', '2', 20.25)],
          },
          { row_number: '2', position: { x: 5, y: 40 }, seats: [seat('F-2-1', '1', 0)] },
        ],
        areas: [stage],
      },
      {
        name: 'Boxes',
        position: { x: -20, y: 200 },
        rows: [{ row_number: 'A', seats: [seat('B-A-1', '1', 1, 'Box'), seat('B-A-2', '2', 2, 'Box')] }],
      },
    ],
  };
}

/** Sets (or, with undefined, removes) the field at a path such as `zones[0].rows[1].seats`. */
function changed(path: string, value: unknown): unknown {
  const plan: unknown = small();
  const keys = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const last = keys.pop() ?? '';
  let owner = plan as Record<string, unknown>;
  for (const key of keys) owner = owner[key] as Record<string, unknown>;
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return plan;
}

function refusal(source: unknown): PlanError {
  try {
    parsePlan(source);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error('the plan was accepted');
}

describe('reading a plan', () => {
  test.each(demoFiles)('the plan %s has its %i seats', (file, seats) => {
    const plan = parsePlan(demo(file));
    expect(plan.seats).toHaveLength(seats);
    expect(plan.rows.reduce((sum, row) => sum + row.count, 0)).toBe(seats);
    expect(new Set(plan.seats.map((seat) => seat.guid)).size).toBe(seats);
    for (const seat of plan.seats) {
      expect(seat.x >= 0 && seat.x <= plan.width && seat.y >= 0 && seat.y <= plan.height).toBe(true);
    }
  });

  test('seats keep the order zone, row, seat, and rows are ranges of it', () => {
    const plan = parsePlan(small());
    expect(plan.seats.map((seat) => [seat.index, seat.guid])).toEqual([
      [0, 'F-1-1'],
      [1, 'F-1-2'],
      [2, 'F-2-1'],
      [3, 'B-A-1'],
      [4, 'B-A-2'],
    ]);
    expect(plan.rows).toEqual([
      { zone: 0, label: '1', first: 0, count: 2 },
      { zone: 0, label: '2', first: 2, count: 1 },
      { zone: 1, label: 'A', first: 3, count: 2 },
    ]);
  });

  test('positions relative to zone and row become absolute, and a row without one starts at its zone', () => {
    const plan = parsePlan(small());
    expect(plan.seats.map((seat) => [seat.x, seat.y])).toEqual([
      [105, 60],
      [125.25, 60],
      [105, 90],
      [-19, 200],
      [-18, 200],
    ]);
  });

  test('a seat knows its category, and is described in words', () => {
    expect(parsePlan(small()).seats[4]).toEqual({
      index: 4,
      guid: 'B-A-2',
      label: 'Boxes, row A, seat 2',
      zone: 1,
      row: 'A',
      number: '2',
      category: 1,
      x: -18,
      y: 200,
    });
  });

  test("a plan's own words for rows and seats are used, and an unnamed zone or row is left out", () => {
    const plan = small() as { zones: Record<string, unknown>[] };
    plan.zones[1] = {
      position: { x: 0, y: 0 },
      rows: [
        {
          row_number: '7',
          row_label: 'Table %s',
          seat_label: "Chair %s $& $'",
          seats: small().zones[1]?.rows[0]?.seats,
        },
      ],
    };
    const unnamed = parsePlan(plan);
    expect(unnamed.seats[3]?.label).toBe("Table 7, Chair 1 $& $'");
    expect(unnamed.seats[0]?.label).toBe('Floor, row 1, seat 1');
    expect(parsePlan(changed('zones[0].rows[0].row_number', '')).seats[0]?.label).toBe('Floor, seat 1');
  });

  test('what the editor of the format adds to zones, rows, seats and areas is ignored', () => {
    const plan = small();
    const uuid = '3f0b6c9e-8a53-4b8e-9a44-0d5a3f3c1b7d';
    const [zone] = plan.zones;
    Object.assign(zone ?? {}, { uuid, zone_id: 'floor', displayed: true });
    Object.assign(zone?.rows[0] ?? {}, {
      uuid,
      row_number_position: 'both',
      row_label: null,
      seat_label: null,
    });
    Object.assign(zone?.rows[0]?.seats[0] ?? {}, { uuid, start_direction: '<>', radius: 12 });
    Object.assign(zone?.areas?.[0] ?? {}, { uuid, border_width: '2px' });
    Object.assign(plan.categories[0] ?? {}, { uuid });
    expect(parsePlan(plan)).toEqual(parsePlan(small()));
  });

  test('a row without seats is left out', () => {
    const plan = parsePlan(changed('zones[0].rows[0].seats', []));
    expect(plan.rows[0]).toEqual({ zone: 0, label: '2', first: 0, count: 1 });
  });

  test('categories without a colour get different ones', () => {
    const plan = parsePlan(changed('categories', [{ name: 'Stalls' }, { name: 'Box', color: '' }]));
    expect(plan.categories.map((category) => category.color)).toEqual(['#0072b2', '#e69f00']);
  });
});

describe('areas', () => {
  const area = (value: unknown) => parsePlan(changed('zones[0].areas', [value])).areas[0];

  test('of the older form: a rectangle with its text in the middle, legible on its colour', () => {
    expect(parsePlan(small()).areas).toEqual([
      {
        x: 90,
        y: 20,
        rotation: 90,
        shape: { kind: 'rectangle', width: 50, height: 20 },
        color: '#222',
        borderColor: '#888888',
        text: { text: 'Stage', x: 25, y: 10, size: 16, color: '#ffffff' },
      },
    ]);
    expect(area({ width: 1, height: 1, color: '#d9c7a0', text: 'Court' })?.text?.color).toBe('#222222');
  });

  test.each([
    [
      { shape: 'rectangle', rectangle: { width: 9, height: 4 } },
      { kind: 'rectangle', width: 9, height: 4 },
    ],
    [
      { shape: 'circle', circle: { radius: 7 } },
      { kind: 'circle', radius: 7 },
    ],
    [
      { shape: 'ellipse', ellipse: { radius: { x: 3, y: 5 } } },
      { kind: 'ellipse', radiusX: 3, radiusY: 5 },
    ],
    [
      { shape: 'polygon', polygon: { points: [{ x: 0, y: 1 }] } },
      { kind: 'polygon', points: [{ x: 0, y: 1 }] },
    ],
    [{ shape: 'text', text: { text: 'Bar', position: { x: 1, y: 2 } } }, { kind: 'text' }],
    [{ text: 'Bar' }, { kind: 'text' }],
  ])('of the newer form: %j', (source, shape) => {
    expect(area(source)?.shape).toEqual(shape);
  });

  test('a text of the newer form keeps its place, size and colour', () => {
    const text = { text: 'Bar', position: { x: 1, y: 2 }, size: 30, color: '#abcdef' };
    expect(area({ shape: 'text', text })?.text).toEqual({
      text: 'Bar',
      x: 1,
      y: 2,
      size: 30,
      color: '#abcdef',
    });
    expect(area({ shape: 'text', text: { text: 'Bar' } })?.text?.color).toBe('#333333');
    expect(
      area({ shape: 'circle', circle: { radius: 1 }, text: { text: '', position: text.position } })?.text,
    ).toBeNull();
  });
});

describe('a plan is refused with the place and the reason', () => {
  const seat = 'zones[0].rows[0].seats[1]';
  const long = 'x'.repeat(201);
  const twice = [{ name: 'Stalls' }, { name: 'Box' }, { name: 'Stalls' }];
  // The field that is changed, its new value, the place named (when it is not that field), what is said.
  test.each<[path: string, value: unknown, place: string | null, said: string]>([
    ['name', undefined, null, 'found nothing instead of a text'],
    ['name', '', null, 'is empty; 1 to 200 characters are allowed'],
    ['name', long, null, 'has 201 characters; at most 200 are allowed'],
    ['name', 'Hall\u0000', null, '"Hall\\u{0}" has a control character; only printable text is allowed'],
    ['name', 'Hall\u202ellah', null, '"Hall\\u{202e}llah" has a control character'],
    ['name', '\ud800', null, '"\\u{d800}" has a control character'],
    ['size', undefined, null, 'found nothing instead of an object'],
    ['size.width', 0, null, 'is 0; 1 to 100,000 is allowed'],
    ['size.height', 100_001, null, 'is 100001; 1 to 100,000 is allowed'],
    ['size.height', '300', null, 'found "300" instead of a number'],
    ['price', 12, 'plan', 'unknown field "price"; name, size, categories, zones are allowed'],
    ['categories', {}, null, 'found an object instead of a list'],
    ['categories[1]', null, null, 'found null instead of an object'],
    ['categories[1].name', 7, null, 'found 7 instead of a text'],
    ['categories', twice, 'categories[2].name', '"Stalls" is already the name of categories[0]'],
    ['categories', Array.from({ length: 501 }), null, 'found 501 entries; at most 500 are allowed'],
    ['categories[0].color', 'red', null, 'found "red" instead of a hex colour such as #2f6b8f'],
    ['categories[0].color', '#12345', null, 'instead of a hex colour'],
    ['categories[0].color', '#fff;background:url(//x)', null, 'instead of a hex colour'],
    ['categories[0].color', '#ffffff\n', null, 'found "#ffffff\\u{a}" instead of a hex colour'],
    ['zones', 'none', null, 'found "none" instead of a list'],
    ['zones', [], null, 'the plan has no seats; 1 to 100,000 are allowed'],
    ['zones', Array.from({ length: 2001 }), null, 'found 2,001 entries; at most 2,000 are allowed'],
    ['zones[1]', [], null, 'found a list instead of an object'],
    ['zones[1].name', true, null, 'found true instead of a text'],
    ['zones[1].position', undefined, null, 'found nothing instead of an object'],
    ['zones[1].rows', undefined, null, 'found nothing instead of a list'],
    ['zones[0].rows[1].row_number', 2, null, 'found 2 instead of a text'],
    ['zones[0].rows[1].row_label', long, null, 'has 201 characters'],
    ['zones[0].rows[1].position', 'left', null, 'found "left" instead of an object'],
    ['zones[0].rows[1].position.x', Number.NaN, null, 'is NaN; -100,000 to 100,000 is allowed'],
    ['zones[0].rows[1].seats', null, null, 'found null instead of a list'],
    [seat, 'F-1-2', null, 'found "F-1-2" instead of an object'],
    [`${seat}.seat_guid`, undefined, null, 'found nothing instead of a text'],
    [`${seat}.seat_guid`, '', null, 'is empty'],
    [`${seat}.seat_guid`, long, null, 'has 201 characters'],
    [`${seat}.seat_guid`, 'F\t2', null, 'has a control character'],
    [`${seat}.seat_number`, 2, null, 'found 2 instead of a text'],
    [`${seat}.position`, undefined, null, 'found nothing instead of an object'],
    [`${seat}.position.x`, Number.POSITIVE_INFINITY, null, 'is Infinity; -100,000 to 100,000 is allowed'],
    [`${seat}.position.y`, -1e300, null, 'is -1e+300; -100,000 to 100,000 is allowed'],
    [
      `${seat}.category`,
      'Stals',
      null,
      `unknown category "Stals"; the plan's categories are "Stalls", "Box"`,
    ],
    [`${seat}.category`, '__proto__', null, 'unknown category "__proto__"'],
    ['zones[0].areas', {}, null, 'found an object instead of a list'],
    ['zones[0].areas[0].width', '50%', null, 'found "50%" instead of a number'],
    ['zones[0].areas[0].height', -1, null, 'is -1; 0 to 100,000 is allowed'],
    ['zones[0].areas[0].color', 'url(#a)', null, 'found "url(#a)" instead of a hex colour'],
    ['zones[0].areas[0].border_color', 3, null, 'found 3 instead of a hex colour'],
    ['zones[0].areas[0].rotation', 'half', null, 'found "half" instead of a number'],
    ['zones[0].areas[0].text', long, null, 'has 201 characters'],
    [
      'zones[0].areas[0].text',
      { text: 'a', color: 'x' },
      'zones[0].areas[0].text.color',
      'instead of a hex colour',
    ],
    [
      'zones[0].areas[0].shape',
      'star',
      null,
      'found "star"; rectangle, circle, ellipse, polygon, text are allowed',
    ],
    ['zones[0].areas[0].shape', 'circle', 'zones[0].areas[0].circle', 'found nothing instead of an object'],
  ])('%s = %j', (path, value, named, said) => {
    const error = refusal(changed(path, value));
    expect(error.path).toBe(named ?? path);
    expect(error.problem).toContain(said);
    expect(error.message).toBe(`${error.path}: ${error.problem}`);
  });

  test.each([[null], ['{}'], [[]], [undefined]])('%j is no plan', (source) => {
    expect(refusal(source).path).toBe('plan');
  });

  test('a guid that occurs twice names both places, across zones', () => {
    const error = refusal(changed('zones[1].rows[0].seats[1].seat_guid', 'F-1-2'));
    expect(error.path).toBe('zones[1].rows[0].seats[1].seat_guid');
    expect(error.problem).toBe('"F-1-2" is already the guid of zones[0].rows[0].seats[1]');
  });

  test('a wrong point in the polygon of an area is named', () => {
    const polygon = { shape: 'polygon', polygon: { points: [{ x: 0, y: 0 }, { x: 1 }] } };
    expect(refusal(changed('zones[0].areas', [polygon])).path).toBe('zones[0].areas[0].polygon.points[1].y');
  });
});

describe('large plans', () => {
  const row = (number: number, seats: number) => ({
    row_number: String(number),
    position: { x: 0, y: number * 20 },
    seats: Array.from({ length: seats }, (_, i) => ({
      seat_guid: `seat-${number}-${i}`,
      seat_number: String(i + 1),
      position: { x: i * 20, y: 0 },
      category: 'Stalls',
    })),
  });
  const rows = Array.from({ length: 1000 }, (_, i) => row(i, 100));

  test('100,000 seats are read', () => {
    const source = changed('zones[0].rows', rows) as ReturnType<typeof small>;
    source.zones.pop();
    expect(parsePlan(source).seats).toHaveLength(MAX_SEATS);
  });

  test('one seat more is refused where the limit is passed', () => {
    const error = refusal(changed('zones[0].rows', [...rows, row(1000, 1)]));
    expect(error.path).toBe('zones[0].rows[1000].seats');
    expect(error.problem).toBe('the plan has more than 100,000 seats from here on');
  });
});

describe('on the wire', () => {
  test.each(demoFiles)('%s comes back as it was', (file) => {
    const plan = parsePlan(demo(file));
    expect(planFromWire(JSON.parse(JSON.stringify(planForClients(plan))))).toEqual(plan);
  });

  test('is less than half as large as the file', () => {
    const source = demo('concert-hall');
    const wire = JSON.stringify(planForClients(parsePlan(source)));
    expect(wire.length).toBeLessThan(JSON.stringify(source).length / 2);
  });

  test.each(['guid', 'number', 'category', 'x', 'y'] as const)(
    'a column %s cut short is noticed',
    (column) => {
      const wire = planForClients(parsePlan(small()));
      wire.seats[column].pop();
      expect(() => planFromWire(wire)).toThrow('incomplete');
    },
  );

  test('a column that is too long is noticed', () => {
    const wire = planForClients(parsePlan(small()));
    wire.seats.y.push(1);
    expect(() => planFromWire(wire)).toThrow('incomplete');
  });
});

describe('any plan', () => {
  const printable = fc.string({ minLength: 1, maxLength: 12 }).filter((value) => !/\p{Cc}/u.test(value));
  const coordinate = fc.double({ min: -2000, max: 2000, noNaN: true });
  const position = fc.record({ x: coordinate, y: coordinate });
  const row = fc.record(
    {
      row_number: printable,
      row_label: fc.option(printable),
      seat_label: fc.option(printable.map((word) => `${word} %s`)),
      position,
      seats: fc.array(
        fc.record({ seat_number: printable, position, category: fc.constantFrom('Stalls', 'Box') }),
        {
          maxLength: 6,
        },
      ),
    },
    { requiredKeys: ['row_number', 'seats'] },
  );
  const zone = fc.record(
    { name: printable, position, rows: fc.array(row, { maxLength: 4 }) },
    { requiredKeys: ['position', 'rows'] },
  );
  /** Guids are numbered afterwards, so they are unique and tell the order. */
  const sources = fc
    .array(zone, { minLength: 1, maxLength: 4 })
    .filter((zones) => zones.some((each) => each.rows.some((one) => one.seats.length > 0)))
    .map((zones) => {
      let next = 0;
      const numbered = zones.map((each) => ({
        ...each,
        rows: each.rows.map((one) => ({
          ...one,
          seats: one.seats.map((seat) => ({ ...seat, seat_guid: String(next++) })),
        })),
      }));
      return { ...small(), zones: numbered };
    });

  test('keeps every seat, in order, at the sum of the positions above it', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const plan = parsePlan(source);
        const expected = source.zones.flatMap((zone) =>
          zone.rows.flatMap((row) =>
            row.seats.map((seat) => ({
              guid: seat.seat_guid,
              x: zone.position.x + (row.position?.x ?? 0) + seat.position.x,
              y: zone.position.y + (row.position?.y ?? 0) + seat.position.y,
            })),
          ),
        );
        expect(plan.seats.map(({ guid, x, y }) => ({ guid, x, y }))).toEqual(expected);
        expect(plan.seats.every((seat, i) => seat.index === i && seat.guid === String(i))).toBe(true);
        let next = 0;
        for (const row of plan.rows) {
          expect(row.first).toBe(next);
          next += row.count;
        }
        expect(next).toBe(plan.seats.length);
      }),
    );
  });

  test('survives the wire with its labels, at most 0.05 away', () => {
    fc.assert(
      fc.property(sources, (source) => {
        const plan = parsePlan(source);
        const back = planFromWire(JSON.parse(JSON.stringify(planForClients(plan))));
        const still = (seats: typeof plan.seats) => seats.map(({ x: _x, y: _y, ...rest }) => rest);
        expect(still(back.seats)).toEqual(still(plan.seats));
        expect(back.rows).toEqual(plan.rows);
        back.seats.forEach((seat, i) => {
          expect(Math.abs(seat.x - (plan.seats[i]?.x ?? Number.NaN))).toBeLessThan(0.0501);
          expect(Math.abs(seat.y - (plan.seats[i]?.y ?? Number.NaN))).toBeLessThan(0.0501);
        });
        expect(planFromWire(planForClients(back))).toEqual(back);
      }),
    );
  });

  test('with anything anywhere in it is read or refused, and nothing else is thrown', () => {
    const fieldPaths = [
      'name',
      'size',
      'categories',
      'zones',
      'zones[0]',
      'zones[0].rows[0]',
      'zones[0].rows[0].position',
      'zones[0].rows[0].seats[0]',
      'zones[0].rows[0].seats[0].position',
      'zones[0].areas',
      'zones[0].areas[0]',
      'zones[0].areas[0].shape',
      'zones[0].areas[0].text',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fieldPaths), fc.jsonValue(), (path, value) => {
        try {
          parsePlan(changed(path, value));
        } catch (error) {
          expect(error).toBeInstanceOf(PlanError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
