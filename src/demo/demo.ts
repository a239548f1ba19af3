/**
 * What a new installation shows in development: three plans as published events some days ahead, each at a venue of its
 * own, and an account of each role. Never in production.
 */
import { readFileSync } from 'node:fs';
import type { Accounts } from '../accounts.ts';
import { nobody } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, type HoldRules, UserEntity } from '../database/entities.ts';
import { insertEvent, setStatus } from '../events/catalogue.ts';
import { importPlan } from '../events/plans.ts';
import { insertVenue } from '../events/venues.ts';

export const demoPassword = 'seatcast-demo';
export const demoAccounts = [
  { email: 'organizer@example.com', name: 'Olga Organizer', role: 'organizer' },
  { email: 'admin@example.com', name: 'Ada Admin', role: 'admin' },
  { email: 'buyer@example.com', name: 'Ben Buyer', role: 'user' },
] as const;

interface Show {
  plan: string;
  title: string;
  description: string;
  venue: string;
  city: string;
  country: string;
  inDays: number;
  /** Local hour at which it starts, in UTC for simplicity. */
  hourUtc: number;
  lastsHours: number;
  /** Cents by category. */
  prices: Record<string, number>;
  rules: Partial<HoldRules>;
}

const hourMs = 3_600_000;
const timeZone = 'Europe/Brussels';

const shows: Show[] = [
  {
    plan: 'riethsporthalle-erfurt',
    title: 'Volleyball: Erfurt – Schwerin',
    description: 'League match, six blocks around the court.',
    venue: 'Riethsporthalle',
    city: 'Erfurt',
    country: 'DE',
    inDays: 9,
    hourUtc: 17,
    lastsHours: 2,
    prices: { VIP: 4500, 'Kategorie I': 2400, 'Kategorie II': 1800 },
    rules: { seatsPerBuyer: 20 },
  },
  {
    plan: 'concert-hall',
    title: 'Symphonic Night: Dvořák and Smetana',
    description: 'The city orchestra with the Cello Concerto and Má vlast.',
    venue: 'Concert Hall',
    city: 'Prague',
    country: 'CZ',
    inDays: 16,
    hourUtc: 18,
    lastsHours: 3,
    prices: { Premium: 7900, Stalls: 5900, Circle: 3900, Balcony: 2500 },
    // The one that is paid online: buyers can change their minds until two days before.
    rules: { seatsPerBuyer: 20, payment: 'online', cancelBeforeMs: 48 * hourMs },
  },
  {
    plan: 'studio-theatre',
    title: 'The Cherry Orchard',
    description: 'Chekhov on the small stage.',
    venue: 'Studio Theatre',
    city: 'Ghent',
    country: 'BE',
    inDays: 5,
    hourUtc: 19,
    lastsHours: 2,
    prices: { VIP: 2800, General: 1900 },
    rules: { seatsPerBuyer: 10 },
  },
];

/** Fills an empty database. @returns whether it was empty */
export async function seedDemo(db: Database, accounts: Accounts): Promise<boolean> {
  const em = db.em();
  if ((await em.count(EventEntity)) > 0 || (await em.count(UserEntity)) > 0) return false;
  const users = [];
  for (const account of demoAccounts)
    users.push(await accounts.create({ ...account, password: demoPassword }));
  const organizerId = users[0]?.id as string;
  for (const show of shows) await stage(db, organizerId, show);
  return true;
}

async function stage(db: Database, organizerId: string, show: Show): Promise<void> {
  const source: unknown = JSON.parse(
    readFileSync(new URL(`./plans/${show.plan}.json`, import.meta.url), 'utf8'),
  );
  const plan = await importPlan(db, organizerId, source);
  const address = { street: '', city: show.city, postalCode: '', country: show.country };
  const place = { name: show.venue, address, timeZone };
  const venue = await insertVenue(db, organizerId, place, nobody);
  const startsAt = new Date();
  startsAt.setUTCDate(startsAt.getUTCDate() + show.inDays);
  startsAt.setUTCHours(show.hourUtc, 0, 0, 0);
  const event = await insertEvent(db, organizerId, {
    planId: plan.id,
    title: show.title,
    description: show.description,
    venueId: venue.id,
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + show.lastsHours * hourMs).toISOString(),
    timeZone,
    currency: 'EUR',
    prices: show.prices,
    rules: show.rules,
  });
  await setStatus(db, { ...event }, 'published');
}
