/**
 * Asks for one thing again and again over connections that are kept, with autocannon, and reads every answer. One
 * wrong answer ends it.
 */
import autocannon from 'autocannon';
import { answerParent } from '../../shared/processes.ts';

export interface RequestsTask {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
  /** What every answer must be. */
  status: number;
  body: string;
}

export interface Done {
  /** Requests that were answered. */
  count: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

/** So late it may notice that time is up. */
const lookEveryMs = 10;

const answers = {
  async request({ url, headers, connections, seconds, status, body }: RequestsTask): Promise<Done> {
    // Its own histogram knows whole milliseconds only.
    const times: number[] = [];
    const run = autocannon({
      url,
      headers,
      connections,
      duration: seconds,
      sampleInt: lookEveryMs,
      verifyBody: (got) => got === body,
    });
    run.on('response', (_client, _status, _bytes, ms) => times.push(ms));
    const { errors, mismatches, statusCodeStats, duration } = await run;
    const right = statusCodeStats[status]?.count ?? 0;
    if (errors > 0 || mismatches > 0 || right !== times.length || right === 0) {
      const found = JSON.stringify({ answers: times.length, errors, mismatches, statusCodeStats });
      throw new Error(`${url} is to answer ${status} with ${body.length} characters, but: ${found}`);
    }
    times.sort((a, b) => a - b);
    const percentile = (share: number) => times[Math.floor(share * (times.length - 1))] as number;
    return { count: times.length, seconds: duration, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
  },
};

export type RequestsAnswers = typeof answers;

answerParent(answers);
