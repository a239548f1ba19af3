import { defineChannel } from '../../src/channel.ts';
import add from './add.ts';
import list from './list.ts';
import read from './read.ts';
import remove from './remove.ts';

export default defineChannel('attachments', [add, list, read, remove]);
