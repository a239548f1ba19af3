import { defineChannel } from '../../src/channel.ts';
import importPlan from './import.ts';
import list from './list.ts';
import read from './read.ts';

export default defineChannel('plans', [importPlan, read, list]);
