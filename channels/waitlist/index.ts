import { defineChannel } from '../../src/channel.ts';
import accept from './accept.ts';
import decline from './decline.ts';
import join from './join.ts';
import leave from './leave.ts';
import list from './list.ts';
import mine from './mine.ts';
import position from './position.ts';
import promote from './promote.ts';

export default defineChannel('waitlist', [join, leave, position, accept, decline, mine, list, promote]);
