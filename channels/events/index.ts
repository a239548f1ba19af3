import { defineChannel } from '../../src/channel.ts';
import cancel from './cancel.ts';
import create from './create.ts';
import list from './list.ts';
import publish from './publish.ts';
import read from './read.ts';
import update from './update.ts';

export default defineChannel('events', [create, read, list, update, publish, cancel]);
