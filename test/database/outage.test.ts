import { expect, test } from 'vitest';
import { isOutage } from '../../src/database/database.ts';

const withCode = (code: string) => Object.assign(new Error('it failed'), { code });

test.each([
  ['08006', 'the connection is lost'],
  ['53300', 'too many connections'],
  ['57P01', 'the server stops'],
  ['40001', 'two transactions stood in each other’s way'],
  ['55P03', 'a lock was not to be had'],
  ['ECONNREFUSED', 'nothing listens'],
  ['EMFILE', 'this node has no sockets left'],
  ['ENETUNREACH', 'there is no way'],
])('%s is an outage: %s', (code) => {
  expect(isOutage(withCode(code))).toBe(true);
});

test.each([
  ['23505', 'a row is there already'],
  ['42601', 'the statement is wrong'],
  ['22P02', 'a value is wrong'],
  ['ENOENT', 'a file is missing'],
])('%s is none: %s', (code) => {
  expect(isOutage(withCode(code))).toBe(false);
});
