import { defineChannel } from '../../src/channel.ts';
import buyers from './buyers.ts';
import categories from './categories.ts';
import conversion from './conversion.ts';
import events from './events.ts';
import mine from './mine.ts';
import summary from './summary.ts';
import trend from './trend.ts';
import utilisation from './utilisation.ts';
import venues from './venues.ts';

export default defineChannel('analytics', [
  summary,
  trend,
  events,
  utilisation,
  categories,
  venues,
  buyers,
  conversion,
  mine,
]);
