import { defineChannel } from '../../src/channel.ts';
import bulk from './bulk.ts';
import cancel from './cancel.ts';
import create from './create.ts';
import createSeries from './create-series.ts';
import deleteEvent from './delete.ts';
import list from './list.ts';
import publish from './publish.ts';
import read from './read.ts';
import restore from './restore.ts';
import upcoming from './upcoming.ts';
import update from './update.ts';

export default defineChannel('events', [
  create,
  createSeries,
  bulk,
  read,
  list,
  upcoming,
  update,
  publish,
  cancel,
  deleteEvent,
  restore,
]);
