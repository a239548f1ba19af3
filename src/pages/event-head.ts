/** Title, date and place of an event, and how full it is right now. */
import type { SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent } from '../contracts.gen.ts';
import { byId, el, fill, icon } from './dom.ts';
import { eventDate, ownZone, zonedDate, zoneNote } from './format.ts';
import { Meter } from './meter.ts';
import type { SeatBoard } from './seat-board.ts';
import { toast } from './toast.ts';

export function showHead(event: SeatedEvent, board: SeatBoard, client: SeatcastClient): void {
  document.title = `${event.title} · Seatcast`;
  byId('title', HTMLElement).textContent = event.title;
  let { startsAt } = event;
  showFacts(event, startsAt);
  // Whoever has a ticket and watches is told twice.
  client.on('events:rescheduled', ({ eventId, after }) => {
    if (eventId !== event.id || after === startsAt) return;
    startsAt = after;
    showFacts(event, startsAt);
    toast(`It starts at another time now: ${zonedDate(startsAt, event.timeZone)}.`, 'warn');
  });
  const meter = new Meter();
  byId('meter', HTMLElement).append(meter.element);
  board.on('changed', () => meter.show(board.tally));
}

function showFacts({ venue, timeZone }: SeatedEvent, startsAt: string): void {
  const zone = zoneNote(startsAt, timeZone, ownZone());
  const time = el('time', { datetime: startsAt }, eventDate(startsAt, timeZone));
  fill(
    byId('facts', HTMLElement),
    el(
      'span',
      { class: 'fact' },
      icon('clock'),
      time,
      zone !== '' && el('span', { class: 'muted' }, ` ${zone}`),
    ),
    venue !== '' && el('span', { class: 'fact' }, icon('pin'), venue),
  );
}
