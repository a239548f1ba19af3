// Starts the services as a hub would, says where they are, and waits to be killed.
import { startServices } from '../../src/services/services.ts';

const options: { dataDir: string; endWithParent?: boolean } = JSON.parse(process.argv[2] ?? '');
try {
  const { databaseUrl, redisUrl } = await startServices({ ...options, log: () => {} });
  console.log(JSON.stringify({ databaseUrl, redisUrl }));
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }));
}
