/** Title, date and place of an event, and how full it is right now. */
import type { Event as SeatedEvent } from '../contracts.gen.ts';
import { byId, el, fill, icon } from './dom.ts';
import { eventDate, zoneNote } from './format.ts';
import { Meter } from './meter.ts';
import type { SeatBoard } from './seat-board.ts';

export function showHead(event: SeatedEvent, board: SeatBoard): void {
  document.title = `${event.title} · Seatcast`;
  byId('title', HTMLElement).textContent = event.title;
  const zone = zoneNote(event.startsAt, event.timeZone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const time = el('time', { datetime: event.startsAt }, eventDate(event.startsAt, event.timeZone));
  fill(
    byId('facts', HTMLElement),
    el(
      'span',
      { class: 'fact' },
      icon('clock'),
      time,
      zone !== '' && el('span', { class: 'muted' }, ` ${zone}`),
    ),
    event.venue !== '' && el('span', { class: 'fact' }, icon('pin'), event.venue),
  );
  const meter = new Meter();
  byId('meter', HTMLElement).append(meter.element);
  board.on('changed', () => meter.show(board.tally));
}
