import { defineChannel } from '../../src/channel.ts';
import extend from './extend.ts';
import hold from './hold.ts';
import release from './release.ts';
import unwatch from './unwatch.ts';
import watch from './watch.ts';

export default defineChannel('seats', [watch, unwatch, hold, extend, release]);
