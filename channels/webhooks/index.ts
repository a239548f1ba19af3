import { defineChannel } from '../../src/channel.ts';
import create from './create.ts';
import remove from './delete.ts';
import deliveries from './deliveries.ts';
import list from './list.ts';
import retry from './retry.ts';
import update from './update.ts';

export default defineChannel('webhooks', [create, list, update, remove, deliveries, retry]);
