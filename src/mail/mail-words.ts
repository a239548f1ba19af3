/** What mails say, by the kind of the notification. */
import { isId } from '../ids.ts';
import { textIn } from '../notifications/payload.ts';
import { bookingNumber, money } from '../pages/format.ts';
import { clocks, type MailFacts, momentIn, titleOf, zoneOf } from './mail-facts.ts';

export interface MailWords {
  subject: string;
  heading: string;
  paragraphs: string[];
  /** Under a name each, of several lines. */
  details: { name: string; lines: string[] }[];
  button: { text: string; url: string };
}

const detail = (name: string, lines: readonly string[]) =>
  lines.some((line) => line !== '') ? [{ name, lines: lines.filter((line) => line !== '') }] : [];

const when = (facts: MailFacts, moment: string, name = 'When') =>
  moment === '' ? [] : detail(name, clocks(moment, zoneOf(facts), facts.reader.timeZone));
const startOf = ({ event, payload }: MailFacts) => event?.startsAt ?? momentIn(payload, 'startsAt');
const where = ({ event }: MailFacts) => detail('Where', [event?.venue ?? '']);

const eventButton = (facts: MailFacts, text = 'See the event') => ({ text, url: facts.links.event });

function seatsOf({ booking }: MailFacts, isGone: boolean): string[] {
  const seats = booking?.seats.filter(({ cancelledAt }) => (cancelledAt !== null) === isGone) ?? [];
  return seats.map(({ label, category }) => `${label} · ${category}`);
}

/** As the pages show it, and as people read it out at the door; and whole, as two of many bookings may share that. */
const numbersOf = ({ booking, payload }: MailFacts): string[] => {
  const id = booking?.id ?? textIn(payload, 'bookingId');
  return isId(id) ? [bookingNumber(id), id] : [];
};

/** Of an offer; '' where there is none. */
function priceIn({ payload }: MailFacts): string {
  const currency = textIn(payload, 'currency');
  const isPrice = typeof payload.totalCents === 'number' && /^[A-Z]{3}$/.test(currency);
  return isPrice ? money(payload.totalCents as number, currency) : '';
}

/** "2 seats", "1 seat". */
const counted = (count: number) => `${count} ${count === 1 ? 'seat' : 'seats'}`;

/** 90 → "1 hour 30 minutes". */
export function leadText(minutes: number): string {
  const parts = [
    [Math.floor(minutes / 1440), 'day'],
    [Math.floor((minutes % 1440) / 60), 'hour'],
    [minutes % 60, 'minute'],
  ] as const;
  const said = parts.flatMap(([count, unit]) =>
    count > 0 ? [`${count} ${unit}${count === 1 ? '' : 's'}`] : [],
  );
  return said.join(' ') || 'a moment';
}

type Writer = (facts: MailFacts, title: string) => MailWords;

const bookingConfirmed: Writer = (facts, title) => {
  const { booking } = facts;
  const seats = seatsOf(facts, false);
  return {
    subject: `Your tickets for ${title}`,
    heading: 'You are in.',
    paragraphs: [
      `Your booking for ${title} is confirmed.`,
      'Your tickets are attached, one file a seat: print them or keep them on your phone. The calendar file puts the event into your calendar.',
    ],
    details: [
      ...when(facts, startOf(facts)),
      ...where(facts),
      ...detail(seats.length === 1 ? 'Seat' : 'Seats', seats),
      ...detail('Total', booking ? [money(booking.totalCents, booking.currency)] : []),
      ...detail('Booking', numbersOf(facts)),
    ],
    button: eventButton(facts),
  };
};

const bookingCancelled: Writer = (facts, title) => {
  const isWhole = facts.payload.whole !== false;
  const left = seatsOf(facts, false);
  return {
    subject: isWhole ? `Your booking for ${title} is cancelled` : `Seats cancelled: ${title}`,
    heading: isWhole ? 'Your booking is cancelled.' : 'Some of your seats are cancelled.',
    paragraphs: [
      isWhole
        ? `Your seats for ${title} are given back.`
        : `Of your booking for ${title} you keep ${counted(left.length)}.`,
      'If you have paid through us, that goes back the way it came.',
    ],
    details: [
      ...when(facts, startOf(facts)),
      ...detail('Cancelled', seatsOf(facts, true)),
      ...detail('Still yours', isWhole ? [] : left),
      ...detail('Booking', numbersOf(facts)),
    ],
    button: eventButton(facts),
  };
};

const eventCancelled: Writer = (facts, title) => ({
  subject: `Cancelled: ${title}`,
  heading: 'This event will not take place.',
  paragraphs: [
    `${title} has been cancelled by its organizer.`,
    'Your booking is cancelled with it. What you have paid through us goes back the way it came; you need not do anything.',
  ],
  details: [
    ...when(facts, startOf(facts), 'It was to be'),
    ...detail('Reason', [textIn(facts.payload, 'reason')]),
  ],
  button: eventButton(facts),
});

const eventRescheduled: Writer = (facts, title) => ({
  subject: `New time: ${title}`,
  heading: 'The time has changed.',
  paragraphs:
    facts.payload.waiting === true
      ? [`${title}, for which you asked for seats, has been moved by its organizer.`]
      : [
          `${title} has been moved by its organizer. Your seats stay yours.`,
          'The calendar file brings your calendar up to date.',
        ],
  details: [
    ...when(facts, momentIn(facts.payload, 'after') || startOf(facts), 'New time'),
    ...when(facts, momentIn(facts.payload, 'before'), 'It was to be'),
    ...where(facts),
  ],
  button: eventButton(facts),
});

const startingSoon: Writer = (facts, title) => {
  const minutes = typeof facts.payload.leadMinutes === 'number' ? facts.payload.leadMinutes : 0;
  const isLate = facts.payload.late === true;
  return {
    subject: isLate ? `Starting soon: ${title}` : `In ${leadText(minutes)}: ${title}`,
    heading: isLate ? 'It starts soon.' : `It starts in ${leadText(minutes)}.`,
    paragraphs: [`You have seats for ${title}. See you there!`],
    details: [...when(facts, startOf(facts)), ...where(facts)],
    button: eventButton(facts),
  };
};

const waitlistPromoted: Writer = (facts, title) => ({
  subject: `Seats for you: ${title}`,
  heading: 'Seats have become free for you.',
  paragraphs: [
    `You were waiting for seats for ${title}. They are kept for you until the time below; then the next in line gets them.`,
  ],
  details: [
    ...detail(facts.payload.seats === 1 ? 'Seat' : 'Seats', [textIn(facts.payload, 'places')]),
    ...detail('Total', [priceIn(facts)]),
    ...when(facts, momentIn(facts.payload, 'until') || momentIn(facts.payload, 'expiresAt'), 'Yours until'),
    ...when(facts, startOf(facts), 'The event'),
    ...where(facts),
  ],
  button: eventButton(facts, 'Take the seats'),
});

const waitlistOfferExpired: Writer = (facts, title) => ({
  subject: `The offer is over: ${title}`,
  heading: 'The offer has run out.',
  paragraphs: [
    `The seats for ${title} that were kept for you went to the next in line. You are still waiting, further back.`,
  ],
  details: when(facts, startOf(facts), 'The event'),
  button: eventButton(facts),
});

const waitlistClosed: Writer = (facts, title) => ({
  subject: `No more waiting: ${title}`,
  heading: 'The waitlist is closed for you.',
  paragraphs: [`You are not waiting for seats for ${title} any more. We are sorry that it did not work out.`],
  details: when(facts, startOf(facts), 'The event'),
  button: eventButton(facts),
});

const writers: Readonly<Record<string, Writer>> = {
  'booking-confirmed': bookingConfirmed,
  'booking-cancelled': bookingCancelled,
  'event-cancelled': eventCancelled,
  'event-rescheduled': eventRescheduled,
  'starting-soon': startingSoon,
  'waitlist-promoted': waitlistPromoted,
  'waitlist-offer-expired': waitlistOfferExpired,
  'waitlist-closed': waitlistClosed,
};

/** undefined: there are no mails of this kind. */
export const wordsOf = (facts: MailFacts): MailWords | undefined =>
  Object.hasOwn(writers, facts.kind) ? writers[facts.kind]?.(facts, titleOf(facts)) : undefined;
