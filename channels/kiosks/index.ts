import { defineChannel } from '../../src/channel.ts';
import begin from './begin.ts';
import claim from './claim.ts';
import list from './list.ts';
import pair from './pair.ts';
import revoke from './revoke.ts';
import update from './update.ts';

export default defineChannel('kiosks', [begin, pair, claim, list, update, revoke]);
