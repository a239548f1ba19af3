/** Random tests try the same on every machine, so that they fail for what was changed; FC_SEED tries something else. */
export const seed = Number(process.env.FC_SEED ?? 20_261_121);
