/** The ways out of the hub that are configured, and what hangs together with them. */
import type { Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { MailChannel } from '../mail/mail-channel.ts';
import { MailLinks } from '../mail/mail-links.ts';
import { openMailer } from '../mail/open-mailer.ts';
import { Addresses, type Resolve } from '../provider/addresses.ts';
import { PushChannel } from '../push/push-channel.ts';
import { PushDesk } from '../push/push-desk.ts';
import { WebhookChannel } from '../webhooks/webhook-channel.ts';
import { WebhookDesk } from '../webhooks/webhook-desk.ts';
import { Deliveries } from './deliveries.ts';
import type { DeliveryChannel } from './delivery-lane.ts';
import { defaultDeliveryTimings } from './delivery-timings.ts';

/** Mails under way at once on a node, a connection to the server each. */
const mailsAtOnce = 5;

export function openDeliveries(parts: {
  config: Pick<
    Config,
    'mode' | 'mail' | 'push' | 'webhookNetworks' | 'pushNetworks' | 'deliveryCa' | 'patience'
  >;
  db: Database;
  jobs: Jobs;
  publicUrl: () => string;
  log: Logger;
  resolve?: Resolve;
}): { deliveries: Deliveries; webhooks: WebhookDesk; push: PushDesk; mailLinks: MailLinks } {
  const { config, db, jobs, publicUrl, log, resolve } = parts;
  const { mail, push, deliveryCa: ca, patience } = config;
  const { answerMs, leaseMs } = { ...defaultDeliveryTimings, ...patience.deliveries };
  const forWebhooks = new Addresses(config.webhookNetworks, resolve);
  const forPush = new Addresses(config.pushNetworks, resolve);
  const mailLinks = new MailLinks(db, publicUrl);
  const channels: DeliveryChannel[] = [
    new WebhookChannel(db, publicUrl, { addresses: forWebhooks, answerMs, ca }),
  ];
  if (mail) {
    const mailer = openMailer(mail, mailsAtOnce);
    // A lease must not end while a server is still taking a mail over.
    const sendMs = leaseMs / 2;
    const { from } = mail;
    channels.push(
      new MailChannel({ db, links: mailLinks, mailer, from, publicUrl, sendMs, atOnce: mailsAtOnce }),
    );
    if ('folder' in mail) log.info(`Mails are not sent: they are files in ${mail.folder}`);
  } else log.info('Mails are off: SMTP_URL is not set');
  if (push) channels.push(new PushChannel(db, push, { addresses: forPush, answerMs, ca }));
  return {
    deliveries: new Deliveries({ db, jobs, log, channels, timings: patience.deliveries }),
    webhooks: new WebhookDesk(db, forWebhooks, config.mode !== 'production'),
    push: new PushDesk(db, forPush, push?.publicKey),
    mailLinks,
  };
}
