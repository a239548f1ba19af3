import { defineChannel } from '../../src/channel.ts';
import unsubscribePage from './unsubscribe-page.ts';
import unsubscribe from './unsubscribe.ts';

export default defineChannel('mail', [unsubscribePage, unsubscribe]);
