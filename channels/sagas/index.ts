import { defineChannel } from '../../src/channel.ts';
import abandon from './abandon.ts';
import list from './list.ts';
import retry from './retry.ts';

export default defineChannel('sagas', [list, retry, abandon]);
