import { defineChannel } from '../../src/channel.ts';
import end from './end.ts';
import event from './event.ts';
import feed from './feed.ts';
import renew from './renew.ts';

export default defineChannel('calendar', [event, feed, renew, end]);
