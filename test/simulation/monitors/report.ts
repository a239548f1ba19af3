/** How a monitor says that something is wrong. */
export type Report = (invariant: string, story: string) => void;
