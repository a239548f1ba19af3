import { describe, expect, test } from 'vitest';
import {
  bookingNumber,
  countdown,
  eventDate,
  eventDay,
  money,
  plural,
  priceRange,
  spokenMoney,
  zonedDate,
  zoneNote,
} from '../../src/pages/format.ts';

describe('money', () => {
  test('is shown in the major unit of its currency', () => {
    expect(money(3500, 'EUR')).toBe('€35.00');
    expect(money(5, 'GBP')).toBe('£0.05');
    expect(money(3500, 'JPY')).toContain('3,500');
    expect(money(1234, 'KWD')).toContain('1.234');
  });

  test('is said with the code after the number', () => {
    expect(spokenMoney(3500, 'EUR')).toBe('35.00 EUR');
    expect(spokenMoney(3500, 'JPY')).toBe('3500 JPY');
  });

  test('a range of prices, one price, no price', () => {
    expect(priceRange({ VIP: 8900, Stalls: 2200, Circle: 3500 }, 'EUR')).toBe('€22.00 – €89.00');
    expect(priceRange({ Stalls: 2200 }, 'EUR')).toBe('€22.00');
    expect(priceRange({}, 'EUR')).toBe('');
  });
});

describe('dates', () => {
  test('are those of the place of the event, not of the viewer', () => {
    const instant = '2027-03-14T23:30:00Z';
    expect(eventDate(instant, 'Europe/Brussels')).toBe('Monday 15 March 2027, 00:30');
    expect(eventDate(instant, 'America/New_York')).toBe('Sunday 14 March 2027, 19:30');
    expect(eventDay(instant, 'Asia/Tokyo')).toMatchObject({ day: '15', month: 'Mar', year: '2027' });
  });

  test('have the zone beside them where another clock is read', () => {
    const instant = '2027-07-14T19:30:00Z';
    expect(zonedDate(instant, 'Europe/Brussels', 'Europe/Paris')).toBe('Wednesday 14 July 2027, 21:30');
    expect(zonedDate(instant, 'Europe/Brussels', 'Asia/Tokyo')).toBe('Wednesday 14 July 2027, 21:30 CEST');
  });

  test('the zone is named for those whose clock shows another time', () => {
    const instant = '2027-03-14T19:30:00Z';
    expect(zoneNote(instant, 'Europe/Brussels', 'Europe/Paris')).toBe('');
    expect(zoneNote(instant, 'America/New_York', 'Europe/Paris')).toBe('GMT-4');
    expect(zoneNote('2027-01-14T19:30:00Z', 'Europe/Brussels', 'Europe/London')).toBe('CET');
  });
});

test('the countdown reaches 0:00 only when nothing is left', () => {
  expect(countdown(600_000)).toBe('10:00');
  expect(countdown(59_001)).toBe('1:00');
  expect(countdown(59_000)).toBe('0:59');
  expect(countdown(1)).toBe('0:01');
  expect(countdown(0)).toBe('0:00');
  expect(countdown(-5000)).toBe('0:00');
});

test('a booking number is the random end of its id', () => {
  expect(bookingNumber('01a1fe19-7ec8-7490-86ad-376e6b3b90e4')).toBe('6B3B-90E4');
});

test('one seat, two seats', () => {
  expect([plural(1, 'seat'), plural(0, 'seat'), plural(1200, 'seat')]).toEqual([
    '1 seat',
    '0 seats',
    '1,200 seats',
  ]);
});
