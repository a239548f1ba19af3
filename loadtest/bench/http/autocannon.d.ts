/** As much of autocannon 9 as is used here: it comes without types. */
declare module 'autocannon' {
  export interface Options {
    url: string;
    headers?: Record<string, string>;
    /** Each is kept, and has one request under way at any time. */
    connections: number;
    /** Seconds. */
    duration: number;
    /** ms between two looks at whether time is up. */
    sampleInt: number;
    /** Called with each body; what is not right counts as a mismatch. */
    verifyBody: (body: string) => boolean;
  }

  export interface Outcome {
    /** Seconds. */
    duration: number;
    /** Connections that failed, and requests that were not answered in time. */
    errors: number;
    mismatches: number;
    statusCodeStats: Record<string, { count: number }>;
  }

  export interface Run extends PromiseLike<Outcome> {
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, ms: number) => void,
    ): this;
  }

  export default function autocannon(options: Options): Run;
}
