import { defineChannel } from '../../src/channel.ts';
import login from './login.ts';
import logout from './logout.ts';
import register from './register.ts';

export default defineChannel('auth', [register, login, logout]);
