import { defineChannel } from '../../src/channel.ts';
import book from './book.ts';
import bookSeat from './book-seat.ts';
import cancel from './cancel.ts';
import checkout from './checkout.ts';
import confirm from './confirm.ts';
import exportSales from './export.ts';
import list from './list.ts';
import ofEvent from './of-event.ts';
import read from './read.ts';

export default defineChannel('bookings', [
  checkout,
  confirm,
  book,
  bookSeat,
  list,
  read,
  cancel,
  ofEvent,
  exportSales,
]);
