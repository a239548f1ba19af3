import { defineChannel } from '../../src/channel.ts';
import list from './list.ts';
import read from './read.ts';

export default defineChannel('notifications', [list, read]);
