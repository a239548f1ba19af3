import { defineChannel } from '../../src/channel.ts';
import cancel from './cancel.ts';
import checkout from './checkout.ts';
import confirm from './confirm.ts';
import list from './list.ts';

export default defineChannel('bookings', [checkout, confirm, list, cancel]);
