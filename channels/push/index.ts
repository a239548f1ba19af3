import { defineChannel } from '../../src/channel.ts';
import key from './key.ts';
import subscribe from './subscribe.ts';
import unsubscribe from './unsubscribe.ts';

export default defineChannel('push', [key, subscribe, unsubscribe]);
