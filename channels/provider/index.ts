import { defineChannel } from '../../src/channel.ts';
import events from './events.ts';
import search from './search.ts';
import status from './status.ts';
import sync from './sync.ts';

export default defineChannel('provider', [search, status, sync, events]);
