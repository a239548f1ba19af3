/** Making one costs a hundred times as much as using it; there are some six hundred zones. */
const formats = new Map<string, Intl.DateTimeFormat>();
const atMost = 700;

/**
 * A moment for people, on the clock of a place: "Sun 28 Mar 2027, 19:30 GMT+2 (Europe/Brussels)". The offset tells an hour
 * that occurs twice from its repeat.
 */
export function localTimeText(moment: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    });
    if (formats.size >= atMost) formats.clear();
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const { weekday, day, month, year, hour, minute, timeZoneName } = parts;
  return `${weekday} ${day} ${month} ${year}, ${hour}:${minute} ${timeZoneName} (${timeZone})`;
}
