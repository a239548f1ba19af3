import { defineChannel } from '../../src/channel.ts';
import changePassword from './change-password.ts';
import read from './read.ts';
import update from './update.ts';

export default defineChannel('me', [read, update, changePassword]);
