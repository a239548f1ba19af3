import { defineChannel } from '../../src/channel.ts';
import capacity from './capacity.ts';
import extend from './extend.ts';
import hold from './hold.ts';
import holds from './holds.ts';
import read from './read.ts';
import release from './release.ts';
import unwatch from './unwatch.ts';
import watch from './watch.ts';

export default defineChannel('seats', [watch, unwatch, hold, holds, extend, release, read, capacity]);
