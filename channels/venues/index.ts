import { defineChannel } from '../../src/channel.ts';
import create from './create.ts';
import deleteVenue from './delete.ts';
import importPlan from './import-plan.ts';
import list from './list.ts';
import read from './read.ts';
import update from './update.ts';

export default defineChannel('venues', [create, read, list, update, deleteVenue, importPlan]);
