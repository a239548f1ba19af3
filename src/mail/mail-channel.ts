import type { SendMailOptions } from 'nodemailer';
import { bookedText, eventUrl } from '../calendar/feeds.ts';
import { writeCalendar } from '../calendar/i-calendar.ts';
import type { Database } from '../database/database.ts';
import {
  type DeliveryRow,
  type MailAlerts,
  type MailEvent,
  readMail,
} from '../database/delivery-statements.ts';
import { DeliveryFailure } from '../deliveries/delivery-failure.ts';
import type { DeliveryChannel } from '../deliveries/delivery-lane.ts';
import { isId } from '../ids.ts';
import { outdated } from '../notifications/outdated.ts';
import { textIn } from '../notifications/payload.ts';
import type { MailFacts } from './mail-facts.ts';
import { mailHtml, mailText, oneLine } from './mail-layout.ts';
import type { MailLinks } from './mail-links.ts';
import { wordsOf } from './mail-words.ts';
import type { Mailer } from './open-mailer.ts';
import { ticketFiles } from './ticket-page.ts';

/** Kinds whose event belongs into a calendar, or has another time, or none, there. */
const withCalendar: ReadonlySet<string> = new Set([
  'booking-confirmed',
  'event-rescheduled',
  'event-cancelled',
]);

export interface MailParts {
  db: Database;
  links: MailLinks;
  mailer: Mailer;
  /** As it stands in the header. */
  from: string;
  publicUrl: () => string;
  /** For so long a server may take over a whole mail. */
  sendMs: number;
  atOnce: number;
}

/** Sends notifications by mail, as they are when the mail leaves. */
export class MailChannel implements DeliveryChannel {
  readonly name = 'email';
  readonly atOnce: number;
  /** A mail has no endpoint. */
  readonly perEndpoint = 1;
  readonly #parts: MailParts;
  readonly #domain: string;

  constructor(parts: MailParts) {
    this.#parts = parts;
    this.atOnce = parts.atOnce;
    this.#domain = /@([\w.-]+)>?\s*$/.exec(parts.from)?.[1] ?? 'localhost';
  }

  async send(delivery: DeliveryRow, signal: AbortSignal): Promise<void> {
    const mail = await this.#compose(delivery);
    const { mailer, sendMs } = this.#parts;
    const late = AbortSignal.timeout(sendMs);
    try {
      await mailer.send({ ...mail, signal: AbortSignal.any([signal, late]) } as SendMailOptions);
    } catch (error) {
      throw failureOf(error, late.aborted ? `no end within ${sendMs} ms` : undefined);
    }
  }

  close(): void {
    this.#parts.mailer.close();
  }

  async #compose(delivery: DeliveryRow): Promise<SendMailOptions> {
    const { user_id: userId, event_id: eventId, kind, payload, source, target } = delivery;
    const { db, links, publicUrl } = this.#parts;
    const bookingId = textIn(payload, 'bookingId');
    const ofWhat = [isId(bookingId) ? bookingId : null, textIn(payload, 'holdId') || null] as const;
    const [row] = await db.run(readMail, userId, eventId, ...ofWhat);
    if (!row || row.is_disabled) throw new DeliveryFailure('the account is disabled', { isFinal: true });
    if (!isWanted(row.alerts, kind))
      throw new DeliveryFailure('its reader has switched it off', { isFinal: true });
    const reason = outdated(delivery, { event: row.event, offerState: row.offer_state });
    if (reason) throw new DeliveryFailure(reason, { isFinal: true });
    const facts: MailFacts = {
      kind,
      payload,
      reader: { name: row.name, timeZone: row.time_zone },
      event: row.event,
      booking: row.booking,
      links: {
        event: row.event ? eventUrl(publicUrl(), row.event.id) : publicUrl(),
        unsubscribe: await links.unsubscribe(userId, kind),
      },
    };
    const words = wordsOf(facts);
    if (!words) throw new DeliveryFailure(`there are no mails of the kind ${kind}`, { isFinal: true });
    return {
      // The same in every attempt, so that a mail that comes twice is one to its reader's server.
      messageId: `<${source}@${this.#domain}>`,
      to: { name: oneLine(row.name), address: target },
      subject: oneLine(words.subject),
      text: mailText(words, facts),
      html: mailHtml(words, facts),
      headers: {
        'Auto-Submitted': 'auto-generated',
        'List-Unsubscribe': { prepared: true, value: `<${facts.links.unsubscribe}>` },
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
      attachments: attachmentsOf(facts),
      xMailer: false,
    };
  }
}

/** What is not there was never said, and is on. */
const isWanted = ({ channels, notifications }: MailAlerts, kind: string): boolean =>
  channels?.email !== false && notifications?.[kind]?.email !== false;

function attachmentsOf(facts: MailFacts): NonNullable<SendMailOptions['attachments']> {
  const { kind, payload, event, booking, reader } = facts;
  if (!event) return [];
  // Whoever only waits has nothing in a calendar.
  const calendar = withCalendar.has(kind) && payload.waiting !== true ? [calendarFile(facts, event)] : [];
  if (kind !== 'booking-confirmed' || !booking) return calendar;
  const tickets = ticketFiles(booking, event, oneLine(reader.name)).map((file) => ({
    ...file,
    contentType: 'text/html; charset=utf-8',
  }));
  return [...calendar, ...tickets];
}

function calendarFile({ booking, links }: MailFacts, event: MailEvent) {
  const { id: eventId, title, venue: place, startsAt, endsAt, createdAt, updatedAt } = event;
  const seats = booking?.seats.filter(({ cancelledAt }) => cancelledAt === null) ?? [];
  const content = writeCalendar([
    {
      eventId,
      title,
      place,
      description: bookedText(
        seats.map(({ label }) => label),
        booking && seats.length > 0 ? [booking.id] : [],
      ),
      url: links.event,
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
      status: event.status === 'cancelled' ? 'CANCELLED' : 'CONFIRMED',
      createdAt: new Date(createdAt),
      changedAt: new Date(updatedAt),
    },
  ]);
  return { filename: 'event.ics', content, contentType: 'text/calendar; charset=utf-8' };
}

/** A server that says 5xx of an address says it again; all else may pass. */
function failureOf(error: unknown, reason: string | undefined): DeliveryFailure {
  const { code, responseCode, message } = error as { code?: string; responseCode?: number; message?: string };
  const text = oneLine(reason ?? `${message ?? 'it failed'} (${code ?? 'unknown'})`).slice(0, 300);
  const isFinal = code === 'EENVELOPE' && responseCode !== undefined && responseCode >= 500;
  return new DeliveryFailure(text, { isFinal, cause: error });
}
