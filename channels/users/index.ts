import { defineChannel } from '../../src/channel.ts';
import list from './list.ts';
import read from './read.ts';
import update from './update.ts';

export default defineChannel('users', [list, read, update]);
