import { defineChannel } from '../../src/channel.ts';
import list from './list.ts';
import seats from './seats.ts';

export default defineChannel('audit', [list, seats]);
