import { defineChannel } from '../../src/channel.ts';
import login from './login.ts';
import logout from './logout.ts';
import refresh from './refresh.ts';
import register from './register.ts';
import renew from './renew.ts';

export default defineChannel('auth', [register, login, refresh, renew, logout]);
