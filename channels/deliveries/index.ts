import { defineChannel } from '../../src/channel.ts';
import list from './list.ts';
import retry from './retry.ts';

export default defineChannel('deliveries', [list, retry]);
