import { defineChannel } from '../../src/channel.ts';
import alive from './alive.ts';
import announce from './announce.ts';
import announcements from './announcements.ts';
import unwatch from './unwatch.ts';
import watch from './watch.ts';
import withdraw from './withdraw.ts';

export default defineChannel('kiosk', [watch, unwatch, alive, announce, announcements, withdraw]);
