import { defineChannel } from '../../src/channel.ts';
import info from './info.ts';
import status from './status.ts';

export default defineChannel('health', [info, status]);
